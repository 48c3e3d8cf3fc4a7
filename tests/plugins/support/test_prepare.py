"""Redaction is on by default, its options are kept with the run, and the report counts without telling."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate import adapt, evaluate, load
from acclimate.contracts import OptionError
from acclimate_support import intents
from acclimate_support.prepare import audit, clean

SECRETS = ("ada@example.org", "4111 1111 1111 1111", "+49 30 901820")


def test_a_run_redacts_and_its_report_counts_and_never_tells(
    tmp_path: Path, quick: dict[str, Any], tickets: Callable[..., Path]
) -> None:
    path = tickets()
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines[1:], 1):
        lines[number] = f"{SECRETS[number % 3]} ORD-{number:04} {line}"
    path.write_text("\n".join(lines) + "\n")
    run = adapt(intents, path, output=tmp_path / "run", preparing={"orders": r"ORD-\d{4}"}, **quick)
    (note,) = (finding for finding in run.report.findings if finding.code == "pii")
    counts = {"email": 40, "iban": 0, "card": 40, "order": 120, "ip": 0, "phone": 40, "name": 0}
    assert note.details == {"rows": 120, "changed": 120, **counts}
    assert "email 40, card 40, order 120, phone 40; in 120 of 120 messages" in note.message
    for name in ("report.json", "report.html", "README.md", "manifest.json"):
        written = (run.output / name).read_text(encoding="utf-8")
        assert not any(secret in written for secret in (*SECRETS, "ORD-0001")), name
    manifest = json.loads((run.output / "manifest.json").read_text())
    assert manifest["preparing"] == {"pii": "redact", "orders": r"ORD-\d{4}", "phones": ""}
    assert load(run.output).prepare("ORD-1234 of ada@example.org") == "<ORDER_1> of <EMAIL_1>"
    again = evaluate(run.output, path)
    assert next(each for each in again.findings if each.code == "pii").details["order"] == 120


def test_what_is_kept_on_demand_is_a_warning() -> None:
    assert clean("write  to\nada@example.org", pii="keep") == "write to ada@example.org"
    (warning,) = audit(["ada@example.org"], pii="keep")
    assert (warning.level, "ada" in warning.message) == ("warning", False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pii": "redcat"}, r"pii is redact or keep, found 'redcat'.*\n?.*redact"),
        ({"phones": "Germany"}, "phones is a country"),
        ({"orders": "("}, "orders is a regular expression"),
    ],
)
def test_options_that_cannot_work_are_refused_before_a_model_is_loaded(
    options: dict[str, str], message: str, tmp_path: Path, quick: dict[str, Any], tickets: Callable[..., Path]
) -> None:
    import acclimate.models

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acclimate.models, "resolve", lambda *_, **__: pytest.fail("a model was loaded"))
        with pytest.raises(OptionError, match=message):
            adapt(intents, tickets(), output=tmp_path / "run", preparing=options, **quick)
