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
    style: Annotated[
        Path | None, typer.Option(help="A saved run that learned approved against other replies, which scores too.")
    ] = None,
    approved: Annotated[str, typer.Option(help="Label of approved replies in that run.")] = "approved",
    as_json: Json = False,
) -> None:
    """Measure how far replies sound as a tone card says, rule by rule, and how near they are to approved ones."""
    with output.failing_well(as_json):
        from dataclasses import asdict

        from acclimate_support import cards
        from acclimate_support.cards.replies import replies_of

        said = list(replies_of(replies, text))
        found = cards.tally(cards.read_card(card), said)
        told = cards.style(style, said, label=approved) if style else None
        if as_json:
            styled = {"style": asdict(told)} if told else {}
            output.show_json({"card": str(card), "source": replies, **asdict(found), **styled})
            return
        output.show(_table(found))
        if told:
            output.show(
                f"by {style}, whose own AUROC is {told.auroc}: like approved replies {told.share} of them, mean "
                f"probability {told.approved}"
            )


def _table(found: Any) -> str:
    width = max(map(len, [*found.passed, "all rules"]))
    rows = {**found.passed, "all rules": found.all_passed}
    lines = [f"{name:<{width}}  {score}" for name, score in rows.items()]
    return "\n".join([f"{found.replies:,} replies, {found.score:.3f} of the rules hold on average", *lines])
