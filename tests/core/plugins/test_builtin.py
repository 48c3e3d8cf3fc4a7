"""What core chooses when nobody else does."""

from pathlib import Path
from typing import Literal

import pytest
from acclimate.plugins import Host, Need, Ref
from acclimate.plugins.collecting import offered_references
from acclimate.plugins.references import reference_problem


@pytest.fixture(scope="module")
def host() -> Host:
    return Host(discover=False)


@pytest.mark.parametrize(
    ("source", "loader"),
    [
        ("headlines.csv", "csv"),
        ("HEADLINES.CSV", "csv"),
        ("folder.csv/headlines.tsv", "tsv"),
        ("rows.jsonl", "jsonl"),
        ("rows.ndjson", "jsonl"),
        ("rows.json", "json"),
        ("rows.conll", "conll"),
        ("rows.bio", "conll"),
        ("rows.parquet", "parquet"),
        ("hub:owner/name.csv", "hub"),
        ("C:\\data\\rows.csv", "csv"),
        ("hub", None),
        ("rows.xlsx", None),
        ("csv", None),
        ("", None),
    ],
)
def test_a_file_is_read_by_its_ending_and_a_hub_id_by_its_scheme(host: Host, source: str, loader: str | None) -> None:
    chosen = host.choose_loader("general", source)
    assert (chosen and chosen.name) == loader


@pytest.mark.parametrize(
    ("file", "loader"),
    [
        ("dataset_info.json", "dataset-folder"),
        ("state.json", "dataset-folder"),
        ("dataset_dict.json", "dataset-folder"),
        ("scratched/1.png", "image-folder"),
        ("scratched/1.JPG", "image-folder"),
        ("masks/1.png", "image-folder"),
        ("1.png", None),
        ("scratched/notes.txt", None),
        ("deep/scratched/1.png", None),
    ],
)
def test_a_folder_is_read_by_what_lies_in_it(host: Host, tmp_path: Path, file: str, loader: str | None) -> None:
    target = tmp_path / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("")
    chosen = host.choose_loader("general", str(tmp_path))
    assert (chosen and chosen.name) == loader


def test_folders_of_classes_with_folders_within_are_classes(host: Host, tmp_path: Path) -> None:
    for name in ("crack/Imgs/1.jpg", "fray/Imgs/2.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("")
    chosen = host.choose_loader("general", str(tmp_path))
    assert chosen is not None
    assert chosen.name == "image-folder"


def test_images_and_masks_side_by_side_are_read_in_pairs(host: Host, tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_text("")
    chosen = host.choose_loader("general", str(tmp_path))
    assert chosen is not None
    assert chosen.name == "mask-folder"


@pytest.mark.parametrize("modality", ["text", "image"])
@pytest.mark.parametrize("rows", [1, 10**6])
def test_core_names_a_backbone_and_leaves_the_method_to_a_search(
    host: Host, modality: Literal["text", "image"], rows: int
) -> None:
    need = Need(task=f"{modality}-classification", modality=modality, rows=rows, labels=("a", "b"))
    backbone = host.choose_backbone("general", need)
    assert backbone is not None
    assert backbone.modality == modality
    assert host.choose_method("general", need, backbone) is None


def test_every_reference_of_core_resolves(host: Host) -> None:
    coded = [*host.loaders().values(), *host.methods().values(), *host.metrics().values()]
    references = [Ref(reference) for reference in offered_references(coded)]
    assert len(references) >= 103  # so many were seen; more may be offered, none may be overlooked
    assert {reference: problem for reference in references if (problem := reference_problem(reference))} == {}
