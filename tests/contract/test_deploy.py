"""The files of `deploy/` and the documents for operators say what is: commands, options, settings, names of metrics."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from hub.commands.root import hub
from hub.metrics import Metrics
from hub.observing import gauges
from hub.settings import PREFIX, Settings
from tests import settings_page

Json = Any

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCUMENTS = [ROOT / "docs/operations.md", DEPLOY / "three-hosts.md", DEPLOY / "README.md"]
UNITS = sorted(
    [*DEPLOY.glob("systemd/*.service"), *DEPLOY.glob("systemd/*.timer"), *DEPLOY.glob("systemd/*/*.conf")]
)
TEXTS = sorted(one for one in DEPLOY.rglob("*") if one.is_file())
SETTINGS = {PREFIX + name.upper() for name in Settings.__dataclass_fields__}
OF_COMPOSE = {"HUB_DOMAIN", "HUB_UPSTREAM", "HUB_LOG"}
"""Of Caddy, and of the bus: no settings of the hub."""


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of the hub that a text shows: in back quotes, a line of code, or a unit."""
    plain = text.replace("$$", "$")
    where = r"(?:`|^ {4,}|/bin/|run --rm |exec (?:-T )?hub |RELEASE=\S+ |&& |^#   )hub(?:ctl)? +"
    for found in re.finditer(where + r"([a-z][a-z-]+[^`\n#&;|']*)", plain, re.MULTILINE):
        yield shlex.split(re.sub(r"\[.*?\]", "", found[1]).strip(" ."))


def check_command(words: list[str]) -> None:
    """Follow a command down to its options, as the real one knows them."""
    command: click.Command = hub
    context = click.Context(hub)
    rest = list(words)
    while isinstance(command, click.Group):
        assert rest, words
        found = command.get_command(context, rest.pop(0))
        assert found is not None, words
        command = found
        if isinstance(command, click.Group) and not rest:
            return
    known = {option for one in command.params for option in one.opts}
    assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= known | {"--help"}, words


@pytest.mark.parametrize("file", [*DOCUMENTS, *TEXTS], ids=lambda one: str(one.relative_to(ROOT)))
def test_every_command_and_setting_exists(file: Path) -> None:
    text = file.read_text("utf-8")
    for words in commands_in(text):
        check_command(words)
    named = set(re.findall(r"\bHUB_[A-Z][A-Z_]*[A-Z]\b", text))
    is_bus = "nats" in file.parts
    strange = named - SETTINGS - OF_COMPOSE - ({"HUB_PASSWORD", "HUB_PUBLIC"} if is_bus else set())
    assert strange == set()


def test_commands_are_found_in_documents() -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    first = {words[0] for words in commands_in(text)}
    assert {
        "init",
        "partner",
        "token",
        "backup",
        "restore",
        "doctor",
        "erase",
        "serve",
        "prepare",
        "verify",
    } <= first
    with pytest.raises(AssertionError):
        check_command(["backup", "FILE", "--colour"])
    with pytest.raises(AssertionError):
        check_command(["partner", "dissolve"])
    with pytest.raises(AssertionError):
        check_command(["partner", "add", "x", "--colour=red"])


def read_unit(file: Path) -> configparser.ConfigParser:
    class Lists(dict[str, str]):
        """Keeps all values of a key that comes again."""

        def __setitem__(self, key: str, value: Any) -> None:
            known = self.get(key)
            super().__setitem__(
                key, known + value if isinstance(value, list) and isinstance(known, list) else value
            )

    unit = configparser.ConfigParser(
        interpolation=None, strict=False, dict_type=Lists, empty_lines_in_values=False
    )
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # as the library asks for it
    unit.read_string(file.read_text("utf-8"))
    return unit


@pytest.mark.parametrize("file", UNITS, ids=lambda one: one.name)
def test_units_are_well_formed(file: Path) -> None:
    unit = read_unit(file)
    assert set(unit.sections()) <= {"Unit", "Service", "Timer", "Install"}
    if "Service" in unit and "ExecStart" in unit["Service"]:
        assert unit["Service"]["ExecStart"].split()[0].startswith("/")


def test_the_service_of_the_hub_is_shut_in() -> None:
    service = read_unit(DEPLOY / "systemd/hub.service")["Service"]
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictNamespaces"):
        assert service[name] == "true"
    assert (service["Type"], service["User"], service["ProtectSystem"]) == ("notify", "hub", "strict")
    assert service["CapabilityBoundingSet"] == ""
    assert (
        int(service["TimeoutStopSec"]) >= 5 + 2 * 20
    )  # HUB_DRAIN_SECONDS of the example, and what server.py takes
    example = dict(lines_of(DEPLOY / "hub.env.example"))
    folders = {f"/var/lib/{name}" for name in service["StateDirectory"].split()}
    assert {example["HUB_DATA"], example["HUB_KEYS"]} == folders


def test_the_backup_writes_where_it_may() -> None:
    service = read_unit(DEPLOY / "systemd/hub-backup.service")["Service"]
    writable = service["ReadWritePaths"].split()
    written = set(re.findall(r'"(/var/[a-z/-]+)/', service["ExecStart"]))
    assert written
    assert written <= set(writable)
    assert service["ExecStart"].split()[0] == "/bin/sh"
    made = (ROOT / "docs/operations.md").read_text("utf-8")
    assert all(one in made for one in writable)


def lines_of(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text("utf-8").splitlines():
        if line and not line.startswith("# ") and "=" in line:
            name, _, value = line.lstrip("#").partition("=")
            yield name, value


def test_the_example_of_settings_is_accepted() -> None:
    said = {name: value for name, value in lines_of(DEPLOY / "hub.env.example") if name.startswith(PREFIX)}
    said["HUB_BACKUP_RECIPIENTS"] = "age1example"
    assert Settings.read(said).for_serving().public_url == "https://hub.example"


@pytest.mark.parametrize("file", [one for one in UNITS if one.suffix != ".conf"], ids=lambda one: one.name)
def test_units_pass_systemds_own_check(file: Path, tmp_path: Path) -> None:
    if not Path("/usr/bin/systemd-analyze").exists():
        pytest.skip("no systemd here")
    for one in DEPLOY.glob("systemd/*.*"):
        if one.is_file():
            (tmp_path / one.name).write_text(one.read_text("utf-8").replace("/opt/hub/bin/hub", "/bin/true"))
    done = subprocess.run(
        ["/usr/bin/systemd-analyze", "verify", str(tmp_path / file.name)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    ours = [line for line in done.stderr.splitlines() if "hub" in line]
    assert ours == []


@pytest.mark.parametrize("file", [one for one in UNITS if one.suffix == ".service"], ids=lambda one: one.name)
def test_units_are_shut_in_by_systemds_own_count(file: Path, tmp_path: Path) -> None:
    if not Path("/usr/bin/systemd-analyze").exists():
        pytest.skip("no systemd here")
    unit = tmp_path / file.name
    unit.write_text(file.read_text("utf-8").replace("/opt/hub/bin/hub", "/bin/true"))
    command = ["/usr/bin/systemd-analyze", "security", "--offline=true", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said.stdout)
    if found is None:
        pytest.skip("this systemd does not count offline")
    assert float(found[1]) < 2.5, said.stdout


def test_each_alert_speaks_when_it_should_and_not_before() -> None:
    cases = yaml.safe_load((DEPLOY / "prometheus/alerts.test.yaml").read_text("utf-8"))["tests"]
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text("utf-8"))["groups"][0]["rules"]
    tried = [one for case in cases for one in case["alert_rule_test"]]
    named = {rule["alert"] for rule in rules}
    assert {one["alertname"] for one in tried if one.get("exp_alerts")} == named
    assert {one["alertname"] for one in tried if not one.get("exp_alerts")} == named
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here")
    done = subprocess.run(
        [promtool, "test", "rules", "alerts.test.yaml"],
        cwd=DEPLOY / "prometheus",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_proxy_is_valid_by_its_own_check() -> None:
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("no Caddy here")
    done = subprocess.run(
        [caddy, "validate", "--adapter", "caddyfile", "--config", "Caddyfile"],
        cwd=DEPLOY / "compose",
        env={**os.environ, "HUB_DOMAIN": "hub.example"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_containers_are_described_whole() -> None:
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text("utf-8"))
    services = compose["services"]
    assert set(services) == {"hub", "caddy", "postgres", "nats"}
    assert {name for name, one in services.items() if one.get("profiles") == ["scale"]} == {
        "postgres",
        "nats",
    }
    for one in services.values():
        for volume in one.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith((".", "/")):
                place = (DEPLOY / "compose" / source).resolve()
                assert place.exists() or place.with_name("site.conf.example").exists(), volume
            else:
                assert source in compose["volumes"]
        assert set(one.get("secrets", ())) <= set(compose["secrets"])
        assert set(one["networks"]) <= set(compose["networks"])
    assert {name for name in services["hub"]["environment"] if name.startswith(PREFIX)} <= SETTINGS
    subnet = compose["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert services["hub"]["environment"]["HUB_TRUSTED_PROXIES"] == subnet
    assert all(re.search(r":\d+$", one["image"]) for one in services.values() if "build" not in one)


def test_the_image_is_built_from_what_is_there() -> None:
    text = (DEPLOY / "compose/Dockerfile").read_text("utf-8")
    assert {one.split(":")[1] for one in re.findall(r"^FROM (\S+)", text, re.MULTILINE)} == {"3.13-slim"}
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        assert (ROOT / source).exists()
    [command] = re.findall(r'^CMD \["([a-z]+)"\]', text, re.MULTILINE)
    check_command([command])
    named = set(re.findall(r"\bHUB_[A-Z_]+", text))
    assert named <= SETTINGS


def image() -> dict[str, list[str]]:
    """Return the lines of the Dockerfile by their instruction."""
    text = (DEPLOY / "compose/Dockerfile").read_text("utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            found.setdefault(name, []).append(" ".join(rest.split()))
    return found


def test_the_image_the_containers_and_the_proxy_agree_on_ports_and_folders() -> None:
    made = image()
    assert set(made) <= set("FROM WORKDIR COPY RUN USER ENV VOLUME EXPOSE HEALTHCHECK ENTRYPOINT CMD".split())
    environ = dict(one.split("=", 1) for one in made["ENV"][0].split())
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text("utf-8"))
    service, proxy = compose["services"]["hub"], compose["services"]["caddy"]
    [port] = made["EXPOSE"]
    assert environ["HUB_PORT"] == port
    assert proxy["environment"]["HUB_UPSTREAM"] == f"hub:{port}"
    assert f"127.0.0.1:{port}/readyz" in made["HEALTHCHECK"][0]
    assert {one.rpartition(":")[2] for one in proxy["ports"]} == {"80", "443", "443/udp"}
    mounted = {one.split(":")[1] for one in service["volumes"]}
    owned = set(re.search(r"install -d -o hub -g hub -m 0700 ([/\w -]+)", made["RUN"][1])[1].split())  # type: ignore[index]
    # A volume takes its owner from the image: one that the image does not make belongs to root.
    assert mounted == owned
    assert {environ["HUB_DATA"], environ["HUB_KEYS"]} <= mounted
    said = {
        **environ,
        **dict.fromkeys(service["environment"], ""),
        "HUB_PUBLIC_URL": "https://hub.example",
    }
    assert Settings.read(
        {name: value for name, value in said.items() if name in SETTINGS and value}
    ).for_serving()
    grace = int(service["stop_grace_period"].removesuffix("s"))
    assert grace >= int(service["environment"]["HUB_DRAIN_SECONDS"]) + 2 * 20


def test_the_first_lines_of_the_containers_make_all_that_they_ask_for() -> None:
    text = (DEPLOY / "compose/compose.yaml").read_text("utf-8")
    head = text.partition("\nname:")[0]
    compose = yaml.safe_load(text)
    for secret in compose["secrets"].values():
        assert secret["file"].removeprefix("./") in head
    assert "HUB_DOMAIN=" in head
    written = set(re.findall(r" (/backups[a-z-]*)/", head))
    assert written == {"/backups", "/backups-of-keys"}
    assert written <= {one.split(":")[1] for one in compose["services"]["hub"]["volumes"]}


def test_what_the_image_is_built_from_is_named_and_nothing_else_is_sent() -> None:
    lines = (DEPLOY / "compose/Dockerfile.dockerignore").read_text("utf-8").splitlines()
    rules = [one for one in lines if one and not one.startswith("#")]
    assert rules[0] == "*"
    sent = {one.removeprefix("!") for one in rules if one.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]
    needed = {*wheel["targets"]["wheel"]["packages"], wheel["hooks"]["custom"]["path"].split("/")[0]}
    needed |= {
        project["project"]["readme"],
        *project["project"]["license-files"],
        "pyproject.toml",
        "requirements",
    }
    assert sent == needed
    assert all((ROOT / one).exists() for one in sent)


def test_the_proxy_passes_addresses_and_logs_none() -> None:
    text = (DEPLOY / "compose/Caddyfile").read_text("utf-8")
    assert text.count("{") == text.count("}")
    assert "exclude http.log.access http.log.error" in text
    assert not re.search(r"^\s+log\s*(\{|$)", text, re.MULTILINE)
    for line in (
        "header_up X-Forwarded-For {remote_host}",
        "header_up X-Forwarded-Proto https",
        "health_uri /readyz",
    ):
        assert line in text


def test_alerts_name_metrics_that_are_and_chapters_that_are() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text("utf-8"))
    known = metric_names()
    chapters = (ROOT / "docs/operations.md").read_text("utf-8")
    anchors = {anchor(line) for line in chapters.splitlines() if line.startswith("#")}
    for rule in rules["groups"][0]["rules"]:
        used = set(re.findall(r"\bhub_[a-z_]+", rule["expr"]))
        assert used <= known, rule
        document, _, chapter = rule["annotations"]["do"].partition("#")
        assert (ROOT / document).is_file()
        assert not chapter or chapter in anchors, rule
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text("utf-8"))
    assert (DEPLOY / "prometheus" / scraped["rule_files"][0]).is_file()
    assert scraped["scrape_configs"][0]["metrics_path"] == "/metrics"


def metric_names() -> set[str]:
    """Return the names of all samples of a hub."""
    counted = Metrics()
    found = {line.split()[2] for line in counted.text().decode().splitlines() if line.startswith("# TYPE")}
    own = {row.name for row in gauges.gauges_of(None)}  # type: ignore[arg-type]  # nothing is read
    return {name + end for name in found for end in ("", "_total", "_bucket")} | own


def anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lstrip("# ").lower()).replace(" ", "-")


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda one: one.name)
def test_chapters_and_files_that_documents_name_exist(file: Path) -> None:
    text = file.read_text("utf-8")
    anchors = {anchor(line) for line in text.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
    for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
        assert (file.parent / link).exists(), link
    for path in re.findall(r"(?<![\w/])(deploy/[\w./-]*\w)", text):
        assert (ROOT / path).exists() or "*" in path, path


def test_the_table_of_settings_is_that_of_the_catalogue() -> None:
    shown = (ROOT / "docs/settings.md").read_text("utf-8")
    assert shown == settings_page.page(), "run: python -m tests.settings_page > docs/settings.md"
