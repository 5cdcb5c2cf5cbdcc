"""Writes names of many scripts in plain Latin letters, roughly as they sound: for comparing, not for showing."""

import re
import unicodedata

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўћђњљјџқғңөүұһәҳҷӣӯѓќѕ",
        "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch . y . e yu ya i yi ye g u c dj nj lj y dz "
        "k g n o u u h a h j i u g k dz".split(),
        strict=True,
    )
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(),
        strict=True,
    )
)
_ARABIC = dict(
    zip(
        "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأإؤئپچژگکیۀەڤٹڈڑںہھےۆێۇڵڕ",
        "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y a a . a a i w y p ch zh g k y e e v t d r n h h "
        "e o e u l r".split(),
        strict=True,
    )
)
_HEBREW = dict(
    zip(
        "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
        "a b g d h v z h t y k k l m m n n s a p p ts ts k r sh t".split(),
        strict=True,
    )
)
_LATIN = dict(zip("ßæœøłđðþıəŋ", "ss ae oe o l d d th i a n".split(), strict=True))
_INITIALS = "g kk n d tt r m b pp s ss . j jj ch k t p h".split()
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
_FINALS = ". k k k n n n t l k m p l l p l m p p t t ng t t k t p t".split()
_NAMED = re.compile(
    r"(?P<script>[A-Z]+)(?: SYLLABICS)? (?:CAPITAL |SMALL |HALFWIDTH )*"
    r"(?P<what>LETTER|VOWEL SIGN|INDEPENDENT VOWEL|CHARACTER(?: SARA)?) (?:SMALL )?(?P<sound>[A-Z -]+)"
)
_NASAL = {"ANUSVARA", "CANDRABINDU", "BINDI", "TIPPI", "NIKAHIT"}
_ABUGIDAS = {
    "DEVANAGARI",
    "BENGALI",
    "GURMUKHI",
    "GUJARATI",
    "TAMIL",
    "TELUGU",
    "KANNADA",
    "MALAYALAM",
    "SINHALA",
    "MYANMAR",
    "KHMER",
}


def romanise(text: str) -> str:
    """Return `text` in lower-case Latin letters; what has no known sound, such as Han, stays as it is."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_letter(letter) for letter in plain)


def _letter(letter: str) -> str:
    if letter.isascii():
        return letter
    for table in (_CYRILLIC, _ARABIC, _GREEK, _HEBREW, _LATIN):
        if letter in table:
            return table[letter].replace(".", "")
    if "가" <= letter <= "힣":
        return _hangul(ord(letter) - 0xAC00)
    base = unicodedata.normalize("NFD", letter)
    if len(base) > 1:
        return "".join(
            _letter(part)
            for part in base
            if not unicodedata.combining(part) or _NAMED.match(unicodedata.name(part, ""))
        )
    return _by_name(letter)


def _hangul(number: int) -> str:
    sounds = (_INITIALS[number // 588], _VOWELS[number % 588 // 28], _FINALS[number % 28])
    return "".join(sounds).replace(".", "")


def _by_name(letter: str) -> str:
    """Read the sound off the letter's name in Unicode, e.g. `kha` of DEVANAGARI LETTER KHA."""
    if letter in "\u200c\u200d" or (
        unicodedata.category(letter) in {"Mn", "Mc"} and "VOWEL" not in unicodedata.name(letter, "")
    ):
        return _mark(unicodedata.name(letter, ""))
    named = _NAMED.match(unicodedata.name(letter, ""))
    if named is None or named["script"] in {"CJK", "HANGUL"}:
        return letter if letter.isalpha() else " "
    sound = named["sound"].split()[-1].lower().replace("-", "")
    if named["script"] in _ABUGIDAS and named["what"] == "LETTER" and len(sound) > 1:
        return sound.removesuffix("a")
    return sound


def _mark(name: str) -> str:
    if any(name.endswith(one) for one in _NASAL):
        return "n"
    medial = re.search(r"MEDIAL ([A-Z]+)$", name)
    return medial[1].lower().removesuffix("a") if medial else ""
