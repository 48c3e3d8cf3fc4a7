"""A card is read strictly, each rule holds for what it should and not for what it should not, and counts add up."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from acclimate.cli import main
from acclimate.contracts import DataError, OptionError, UnknownNameError
from acclimate.evaluation.proportions import clopper_pearson
from acclimate_support.cards import measure, read_card, tally
from acclimate_support.cards.card import card_of
from acclimate_support.cards.features import reading_grade, sentences, syllables
from acclimate_support.cards.replies import replies_of

GOOD = (
    "Hello Ada Byron,\n\nThank you for your message. We are sorry to hear that. We sent it again.\n\n"
    "Best regards,\nGrace"
)
# (the card's field, its value, a reply for which it holds, one for which it does not)
RULES: list[tuple[str, Any, str, str]] = [
    ("formality", "formal", "We do not have it.", "We don't have it."),
    ("formality", "formal", "That is good!", "That is good!!"),
    ("formality", "neutral", "We don't have it.", "Yeah, we don't have it."),
    ("formality", "casual", "Hey, it's on its way.", "Please be advised that it is on its way."),
    ("warmth", "low", "It ships on Monday.", "Thanks, it ships on Monday."),
    ("warmth", "medium", "Thanks, it ships on Monday.", "It ships on Monday."),
    ("warmth", "high", "Thanks! We are happy to help.", "Thanks, thank you, we appreciate it."),
    ("words", 3, "one two three", "one two three four"),
    ("sentence_words", 3, "One two. One two three four.", "One two three. One two three four."),
    (
        "reading_grade",
        5,
        "The cat sat on the mat.",
        "Institutional considerations necessitate organisational adaptation.",
    ),
    ("person", "we", "We sent our parcel.", "I sent it."),
    ("person", "I", "I sent my parcel.", "We sent it."),
    ("contractions", "never", "We do not know.", "We don’t know."),
    ("contractions", "always", "We don't know.", "We do not know."),
    ("emoji", 1, "Done 🎉", "Done 🎉 🎉"),
    ("emoji", 0, "At 10:30 (see above); fine", "Done :-)"),
    ("exclamations", 1, "Done! Fine.", "Done! Fine!"),
    ("apology", "never", "It is here.", "Sorry, it is here."),
    ("apology", "once", "Sorry, it is late.", "Sorry, we apologise."),
    ("apology", "required", "We apologise.", "It is late."),
    ("greeting", ["Hello {name}", "Good morning"], "Hello <NAME_1>, fine.", "Ada, hello there"),
    ("greeting", ["Hello {name},"], "hello Ada Byron, fine.", "Hello, fine."),
    ("sign_off", ["Best regards"], "Fine.\n\nbest  regards,\nGrace", "Best regards\n\nto\nall\nof\nyou"),
    ("banned", ["unfortunately", "as I said"], "It is fortunate.", "Unfortunately not."),
    ("banned", ["no"], "It is not known.", "No."),
    ("required", ["order number", "Acme"], "Your order\nnumber at ACME", "Your order number at Acmeco"),
]


@pytest.mark.parametrize(("name", "value", "holds", "fails"), RULES)
def test_a_rule_holds_for_what_it_should_and_for_nothing_else(name: str, value: Any, holds: str, fails: str) -> None:
    card = card_of({name: value})
    for text, expected in ((holds, True), (fails, False)):
        (check,) = measure(card, text).checks
        assert (check.name, check.passed) == (name, expected), check.found
        assert check.found


def test_the_grade_is_that_of_the_formula_by_hand() -> None:
    # 6 words of one syllable in one sentence; then 4 words, 12 syllables counted by hand, in two sentences.
    assert reading_grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    words = {
        "information": 4,
        "available": 4,
        "today": 2,
        "customers": 3,
        "late": 1,
        "asked": 1,
        "table": 2,
        "boxes": 1,
    }
    assert {word: syllables(word) for word in words} == words
    assert reading_grade("Available information. Today: customers!") == pytest.approx(
        0.39 * 2 + 11.8 * 13 / 4 - 15.59
    )
    assert sentences("One. Two! Three?\nFour\n\n5") == 4


def test_a_card_of_many_rules_counts_what_holds(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(
        "name: Acme\nperson: we\nwords: 40\ngreeting: ['Hello {name}']\nsign_off: [Best regards]\n"
        "banned: [unfortunately]\n"
    )
    card = read_card(path)
    assert measure(card, GOOD).score == 1
    bad = measure(card, "I unfortunately cannot.")
    assert {check.name: check.passed for check in bad.checks} == {
        "words": True, "person": False, "greeting": False, "sign_off": False, "banned": False,
    }  # fmt: skip
    found = tally(card, [GOOD, GOOD, "I unfortunately cannot."])
    assert found.score == pytest.approx((1 + 1 + 1 / 5) / 3)
    assert found.passed["words"].value == 1
    person = found.passed["person"]
    assert (person.value, (person.low, person.high)) == (2 / 3, clopper_pearson(2, 3))
    assert found.all_passed.value == 2 / 3


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("formalty: formal", OptionError, r"no 'formalty'.*\n?.*formality"),
        ("formality: frmal", OptionError, r"formality is formal or neutral or casual, found 'frmal'.*\n?.*formal"),
        ("emoji: many", OptionError, "emoji is a number from 0 on, found 'many'"),
        ("emoji: true", OptionError, "emoji is a number"),
        ("words: -1", OptionError, "words is a number"),
        ("words: .inf", OptionError, "words is a number"),
        ("banned: 3", OptionError, "banned is a list of phrases, found 3"),
        ("banned: ['']", OptionError, "banned is a list of phrases"),
        ("name: [a]\nwords: 3", OptionError, "name is a text"),
        ("words: 3\nwords: 4", OptionError, "'words' twice"),
        ("name: Acme", OptionError, "nothing to measure"),
        ("- words", OptionError, "holds no names with values"),
        ("words: [", DataError, "not valid YAML"),
        ("words: !!python/object:os.system x", DataError, "not valid YAML"),
    ],
)
def test_a_card_that_cannot_be_meant_is_refused(
    text: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(text)
    with pytest.raises(error, match=message):
        read_card(path)
    with pytest.raises(DataError, match="no tone card"):
        read_card(tmp_path / "other.yaml")


def test_replies_are_those_of_a_column_or_of_the_assistant(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    said = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "Two."}]
    path.write_text('{"reply": "One."}\n' + json.dumps({"messages": said}) + "\n")
    assert list(replies_of(str(path))) == ["One.", "Two."]
    path.write_text('{"said": "One."}\n')
    assert list(replies_of(str(path), "said")) == ["One."]
    with pytest.raises(UnknownNameError, match=r"line 1 has no field 'siad'.*\n?.*said"):
        list(replies_of(str(path), "siad"))
    with pytest.raises(UnknownNameError, match="no field with a reply"):
        list(replies_of(str(path)))
    path.write_text('{"reply": ""}\n')
    with pytest.raises(DataError, match="holds no reply"):
        list(replies_of(str(path)))
    with pytest.raises(DataError, match="no table of replies"):
        list(replies_of(str(tmp_path / "replies.txt")))
    with pytest.raises(DataError, match="no reply to measure"):
        tally(card_of({"words": 3}), [])


def test_the_command_measures_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "card.yaml").write_text("person: we\n")
    replies = tmp_path / "replies.csv"
    replies.write_text("text\nWe know.\nI know.\n")
    monkeypatch.setattr("sys.argv", ["acclimate", "tone", str(tmp_path / "card.yaml"), str(replies), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["replies"], found["score"], found["passed"]["person"]["value"]) == (2, 0.5, 0.5)


@pytest.mark.parametrize("piece", ["a", "do not ", "!", "I'm ", "Hello Ada ", "\n"])
def test_fifty_thousand_characters_take_no_time(piece: str) -> None:
    card = card_of({name: value for name, value, _, _ in RULES})
    started = time.process_time()
    measure(card, piece * (50_000 // len(piece)))
    assert time.process_time() - started < 10
