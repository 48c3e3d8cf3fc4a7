"""The command `tone`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from acclimate.cli import output
from acclimate.cli.options import Json


def tone(
    card: Annotated[Path, typer.Argument(help="A tone card in YAML.")],
    replies: Annotated[str, typer.Argument(help="Replies: .jsonl or .csv with a text on each line, or chats.")],
    text: Annotated[str, typer.Option(help="Field or column with the reply.")] = "",
    as_json: Json = False,
) -> None:
    """Measure how far replies sound as a tone card says, rule by rule, without a model that judges."""
    with output.failing_well(as_json):
        from dataclasses import asdict

        from acclimate_support.cards import read_card, tally
        from acclimate_support.cards.replies import replies_of

        found = tally(read_card(card), replies_of(replies, text))
        if as_json:
            output.show_json({"card": str(card), "source": replies, **asdict(found)})
            return
        output.show(_table(found))


def _table(found: Any) -> str:
    width = max(map(len, [*found.passed, "all rules"]))
    rows = {**found.passed, "all rules": found.all_passed}
    lines = [f"{name:<{width}}  {score}" for name, score in rows.items()]
    return "\n".join([f"{found.replies:,} replies, {found.score:.3f} of the rules hold on average", *lines])
