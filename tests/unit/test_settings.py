import dataclasses
from pathlib import Path
from typing import Any

import pytest

from hub.settings import Settings, SettingsRefused


def test_without_variables_and_flags_every_setting_has_its_default() -> None:
    settings = Settings.read({"PATH": "/bin"})
    assert settings == Settings()
    assert settings.store_url == f"sqlite:///{Path('hub-data').absolute()}/log.sqlite"


def test_every_setting_says_its_unit_and_its_help() -> None:
    for one in dataclasses.fields(Settings):
        assert one.metadata["unit"], one.name
        assert one.metadata["help"].endswith("."), one.name


def test_a_variable_is_read_by_its_field() -> None:
    settings = Settings.read(
        {
            "HUB_DATA": "/srv/hub",
            "HUB_PORT": "9000",
            "HUB_STORE": "postgresql://log/hub",
            "HUB_BEAT_SECONDS": "2.5",
            "HUB_ORIGINS": "https://one.example, https://two.example/",
            "HUB_PUBLIC_URL": "https://hub.example/",
        }
    )
    assert (settings.data, settings.port, settings.beat_seconds) == (Path("/srv/hub"), 9000, 2.5)
    assert settings.origins == ("https://one.example", "https://two.example")
    assert settings.public_url == "https://hub.example"
    assert settings.store_url == "postgresql://log/hub"


def test_a_flag_wins_over_its_variable_and_none_is_no_flag() -> None:
    settings = Settings.read({"HUB_PORT": "9000", "HUB_HOST": "::1"}, {"port": 7000, "host": None})
    assert (settings.port, settings.host) == (7000, "::1")
    assert Settings.read({}, {"port": "7001"}).port == 7001


@pytest.mark.parametrize(
    ("environ", "flags", "sentence"),
    [
        ({"HUB_PROT": "1"}, {}, "HUB_PROT is not a setting of the hub. Did you mean HUB_PORT?"),
        ({"HUB_XYZZY": "1"}, {}, "HUB_XYZZY is not a setting of the hub."),
        ({"HUB_port": "1"}, {}, "HUB_port is not a setting of the hub. Did you mean HUB_PORT?"),
        ({"HUB_PORT": "many"}, {}, "HUB_PORT has a bad value: it must be a number."),
        ({"HUB_PORT": "70000"}, {}, "HUB_PORT has a bad value: a port is a number from 0 to 65535."),
        ({"HUB_WORKERS": "0"}, {}, "HUB_WORKERS has a bad value: it must be 1 or more."),
        (
            {"HUB_BEAT_SECONDS": "-1"},
            {},
            "HUB_BEAT_SECONDS has a bad value: it must be more than 0 and less than 86400 seconds.",
        ),
        ({"HUB_BEAT_SECONDS": "soon"}, {}, "HUB_BEAT_SECONDS has a bad value: it must be a number."),
        (
            {"HUB_STORE": "mysql://x"},
            {},
            "HUB_STORE has a bad value: a store begins with sqlite:/// or postgresql://.",
        ),
        ({"HUB_URL": "hub"}, {}, "HUB_URL has a bad value: an address begins with http:// or https://."),
        ({}, {"max_event_bytes": "x"}, "--max-event-bytes has a bad value: it must be a number."),
        ({}, {"colour": "red"}, "--colour is not a setting of the hub."),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    environ: dict[str, str], flags: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsRefused) as refused:
        Settings.read(environ, flags)
    assert str(refused.value) == sentence


def test_a_bad_value_is_not_repeated() -> None:
    with pytest.raises(SettingsRefused) as refused:
        Settings.read({"HUB_PORT": "s3cret"})
    assert "s3cret" not in str(refused.value)


def test_several_workers_serve_and_an_edge_needs_a_bus() -> None:
    assert Settings().for_serving() == Settings()
    several = Settings.read({"HUB_WORKERS": "2"})
    assert several.for_serving().workers == 2
    with pytest.raises(SettingsRefused, match="needs --bus"):
        Settings.read({"HUB_EDGE": "true"}).for_serving()


@pytest.mark.parametrize(
    ("name", "said", "sentence"),
    [
        ("HUB_DRAIN_SECONDS", "-1", "it must be from 0 to 3600 seconds"),
        ("HUB_DRAIN_SECONDS", "4000", "it must be from 0 to 3600 seconds"),
        ("HUB_VAULT", "sqlite:///keys", "it must be postgresql://..."),
    ],
)
def test_what_several_hubs_need_is_read_with_care(name: str, said: str, sentence: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        Settings.read({name: said})
    assert sentence in str(refused.value)
    assert Settings.read({"HUB_DRAIN_SECONDS": "0"}).drain_seconds == 0
    assert Settings.read({"HUB_VAULT": "postgresql:///keys"}).vault == "postgresql:///keys"


def test_the_token_is_not_shown() -> None:
    assert "hub_secret" not in repr(Settings.read({"HUB_TOKEN": "hub_secret"}))


def test_webhooks_to_this_machine_are_not_allowed_by_mistake() -> None:
    name = "HUB_WEBHOOKS_LOOPBACK_FOR_TESTS_ONLY"
    for said in ("1", "true", "yes", ""):
        with pytest.raises(SettingsRefused, match="only tests set it"):
            Settings.read({name: said})
    assert Settings.read({name: "this-is-a-test"}).webhooks_loopback_for_tests_only
