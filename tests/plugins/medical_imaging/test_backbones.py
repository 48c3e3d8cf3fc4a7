"""Models by name: each with its licence, and those that cannot be loaded without running code are refused."""

from pathlib import Path

import pytest
from acclimate.api.adapting import ask
from acclimate.api.choosing import choose_backbone
from acclimate.contracts import Backbone, BackboneError
from acclimate.plugins import default_host


def chosen(name: str, folder: Path) -> Backbone:
    """Return the backbone that a run for diagnosis would begin with."""
    host = default_host()
    request = ask(host, "medical-imaging/diagnosis", folder, "frozen", name, None, None, folder / "run", {})
    return choose_backbone(host, request, None)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("torchxrayvision-densenet121", r"pickles, which run code .* value_range \[-1024, 1024\]"),
        ("biomedclip", "a pickle of open_clip"),
        ("microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224", "a pickle of open_clip"),
    ],
)
def test_weights_that_are_pickles_are_refused_with_the_reason(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match=reason):
        chosen(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "source", "licence"),
    [
        ("rad-dino", "microsoft/rad-dino", "rules out clinical use"),
        ("dinov2-small", "facebook/dinov2-small", "Apache-2.0"),
        ("dinov2-base", "facebook/dinov2-base", "Apache-2.0"),
        ("convnext-tiny", "timm/convnext_tiny.fb_in22k_ft_in1k", "Apache-2.0"),
    ],
)
def test_models_of_the_hub_are_found_by_name_and_by_id_with_their_licence(
    name: str, source: str, licence: str, tmp_path: Path
) -> None:
    found = chosen(name, tmp_path)
    assert found == chosen(source, tmp_path)
    assert found.source == source
    assert licence in found.licence
