"""The language of short public texts: named when certain, English given the benefit of the doubt."""

import pytest

from earful.models import language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The parcel never arrived and nobody answers my mails", "en"),
        ("Das Paket ist schon wieder nicht angekommen, danke für nichts", "de"),
        ("Service client nul, j'attends toujours mon colis", "fr"),
        ("El pedido llegó roto y nadie contesta", "es"),
        ("Non funziona più dopo l'aggiornamento", "it"),
        ("Péssimo atendimento, não comprem", "pt"),
        ("Kundtjänsten svarar aldrig", "sv"),
        ("Najgorsza obsługa klienta w życiu", "pl"),
        ("このアプリは最悪です", "ja"),
        ("Очень плохо, не работает", "ru"),
        ("الخدمة سيئة جدا", "ar"),
    ],
)
def test_a_sentence_is_named(text: str, expected: str) -> None:
    assert language.detect(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "  \n", "5/5", "😡😡", "https://example.org/das/ist/nicht/gut", "@hilfe #kaputt", "\ud800", "1st 2nd 3rd"],
)
def test_a_text_without_words_is_undecided(text: str) -> None:
    assert language.detect(text) == ""


@pytest.mark.parametrize("text", ["ok", "nice", "LOL", "Love it!", "meh", "app is shit lol", "Brimstone sucks"])
def test_short_english_is_never_refused(text: str) -> None:
    assert language.knows(language.detect(text))


def test_megabytes_and_newlines_are_no_hindrance() -> None:
    assert language.detect("Nothing works since the update. " * 40_000) == "en"
    assert language.detect("\n" * 100_000) == ""


def test_the_model_knows_english_in_every_spelling_and_what_is_undecided() -> None:
    assert all(language.knows(code) for code in ("", "en", "EN", "en-GB", "en_US"))
    assert not any(language.knows(code) for code in ("de", "fr-CA", "zh-Hant", "ja", "eno"))


def test_another_model_knows_other_languages() -> None:
    assert all(language.knows(code, ("de", "no")) for code in ("", "de", "de-AT", "DE_ch", "nb", "no"))
    assert not any(language.knows(code, ("de", "no")) for code in ("en", "english", "nl", "dex"))
    assert language.knows("english", ("en", "fr"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("sv", "Swedish"),
        ("pt-BR", "Portuguese"),
        ("zh_Hant", "Chinese"),
        ("no", "Norwegian"),
        ("english", "English"),
        ("gsw", "gsw"),
        ("", ""),
    ],
)
def test_a_language_is_named_in_words(code: str, expected: str) -> None:
    assert language.name(code) == expected
