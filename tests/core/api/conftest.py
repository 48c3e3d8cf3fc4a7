"""Tiny rows made for each session, and runs on them with the real small backbones and with a tiny random one."""

import contextlib
import csv
import html
import io
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.api import Run, adapt
from acclimate.contracts import DataError
from acclimate.testing import tiny
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

WORDS = {
    "court": ["judge", "appeal", "verdict", "plaintiff", "hearing", "counsel"],
    "garden": ["rose", "soil", "tulip", "compost", "hedge", "seedling"],
    "harbour": ["ship", "anchor", "cargo", "pier", "tide", "captain"],
}
FILLER = ["the", "report", "says", "that", "on", "monday", "near", "our", "old", "town", "we", "saw", "again", "a"]
STEP_ROWS = {"text": 8, "image": 2}
COLOURS = {"amber": (215, 150, 20), "teal": (20, 130, 140)}


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep features and measurements of these tests apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("ACCLIMATE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module", autouse=True)
def cheap(brief: None) -> None:
    """Make every report here a brief one."""


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Save a tiny random image encoder as a folder in the hub's layout."""

    def saved(architecture: str) -> Path:
        folder = tmp_path_factory.mktemp(architecture)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            encoder: Any = tiny.encoder(architecture)
        encoder.save_pretrained(folder)
        side = tiny.image_size(architecture)
        (folder / "preprocessor_config.json").write_text(
            json.dumps({"size": {"height": side, "width": side}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3})
        )
        return folder

    return saved


def text_rows(count: int = 75) -> list[dict[str, str]]:
    """Rows whose words decide the label, but for one in six, so that no score is perfect."""
    rng = random.Random(4)
    labels = sorted(WORDS)
    rows = []
    for number in range(count):
        label = labels[number % 3]
        words = [*rng.sample(WORDS[label], 2), *rng.sample(FILLER, 5)]
        rng.shuffle(words)
        told = rng.choice(labels) if rng.random() < 1 / 4 else label
        rows.append({"id": f"t{number:02}", "text": " ".join(words), "label": told, "client": f"c{number // 5}"})
    return rows


def write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of 75 texts in three classes, with an id and a client on each row."""
    return write_table(tmp_path_factory.mktemp("texts") / "texts.csv", text_rows())


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 30 pictures in two classes, told apart by colour, but for a few."""
    folder = tmp_path_factory.mktemp("pictures") / "tiles"
    rng = np.random.default_rng(3)
    for number in range(30):
        label = sorted(COLOURS)[number % 2]
        told = label if rng.random() < 5 / 6 else sorted(COLOURS)[(number + 1) % 2]
        noise = rng.normal(0, 40, (48, 40, 3))
        pixels = np.clip(np.array(COLOURS[label]) + noise, 0, 255).astype(np.uint8)
        (folder / told).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / told / f"{number:02}.png")
    return folder


@pytest.fixture(scope="session")
def rows_by_id(texts: Path, pictures: Path) -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """Return (content, label) of each row by its id, read here and not by Acclimate."""
    with texts.open(newline="", encoding="utf-8") as file:
        text = {row["id"]: (row["text"], row["label"]) for row in csv.DictReader(file)}
    image = {
        f"train:{path.parent.name}/{path.name}": (str(path), path.parent.name) for path in pictures.glob("*/*.png")
    }
    return {"text": text, "image": image}


@pytest.fixture(scope="session")
def adapt_anew(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Do a run that computes its own features: `adapt` as if nothing were cached.

    Features that another test cached came from other batches, whose sums are rounded otherwise.
    """

    def run(preset: str, source: Path, *, method: str, **options: Any) -> Run:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ACCLIMATE_CACHE", str(tmp_path_factory.mktemp("cache")))
            output = tmp_path_factory.mktemp(f"anew-{method}") / "run"
            return adapt(preset, source, method=method, output=output, precision="float32", shown=False, **options)

    return run


@pytest.fixture(scope="session")
def finished(adapt_anew: Callable[..., Run], texts: Path, pictures: Path) -> Callable[[str, str], Run]:
    """Return the run of a modality and a method, done once per session: `finished("text", "lora")`."""
    sources = {"text": texts, "image": pictures}

    @cache
    def run(modality: str, method: str) -> Run:
        steps = {} if method == "frozen" else {"max_steps": 2, "batch_size": STEP_ROWS[modality]}
        return adapt_anew(f"general/{modality}-classification", sources[modality], method=method, seed=1, **steps)

    return run


@pytest.fixture(scope="session")
def save_backbone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str]], str]:
    """Save a tiny random BERT, to which each of these words is one token, in a folder: `save_backbone(words)`."""

    def save(words: Sequence[str]) -> str:
        folder = tmp_path_factory.mktemp("backbone")
        vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *words])}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
        fast.save_pretrained(folder)
        config = BertConfig(
            vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32,
        )  # fmt: skip
        with torch.random.fork_rng():
            torch.manual_seed(0)
            BertModel(config, add_pooling_layer=False).save_pretrained(folder)
        return str(folder)

    return save


@pytest.fixture(scope="session")
def small_backbone(save_backbone: Callable[[Sequence[str]], str]) -> str:
    """Return the folder of a tiny random BERT that knows the words of the texts."""
    return save_backbone([word for group in (*WORDS.values(), FILLER) for word in group])


@pytest.fixture(scope="session")
def small(adapt_anew: Callable[..., Run], texts: Path, small_backbone: str) -> Callable[[str], Run]:
    """Return the run of a method on that backbone, done once per session: `small("lora")`. It predicts badly."""

    @cache
    def run(method: str) -> Run:
        steps = {} if method == "frozen" else {"max_steps": 2, "batch_size": 8}
        return adapt_anew("general/text-classification", texts, method=method, backbone=small_backbone, **steps)

    return run


@pytest.fixture(scope="session")
def reseal() -> Callable[[Path, Callable[[dict[str, Any]], object]], None]:
    """Change the manifest of a saved run, as a stranger would, with a seal that fits."""
    from acclimate.bundle.write import MANIFEST, SEAL, sealed

    def written(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        manifest.pop(SEAL)
        change(manifest)
        (folder / MANIFEST).write_text(sealed(manifest), "utf-8")

    return written


@pytest.fixture(scope="session")
def document() -> Callable[[Run | Path, str], Any]:
    """Read a JSON file of a saved run."""

    def read(run: Run | Path, name: str) -> Any:
        folder = run.output if isinstance(run, Run) else run
        return json.loads((folder / name).read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def refuses_no_list() -> Callable[[Any, str], None]:
    """Check that a predictor takes a list of texts, even an empty one, and nothing else."""

    def check(predictor: Any, text: str) -> None:
        assert predictor.predict([]) == []
        with pytest.raises(DataError, match="found a single text"):
            predictor.predict(text)
        with pytest.raises(DataError, match=r"1 of 2 texts are empty or no text(: number 2 is|, such as) ' '"):
            predictor.predict([text, " "])

    return check


@pytest.fixture(scope="session")
def said_by_page() -> Callable[[str], str]:
    """Run the Python that a report's page shows and return what it prints."""

    def run(page: str) -> str:
        code = html.unescape(page.split('<pre tabindex="0">from acclimate')[1].split("</pre>")[0])
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(f"from acclimate{code}", {})
        return out.getvalue()

    return run
