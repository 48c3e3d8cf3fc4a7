"""Networks of volumes: their names, their folders, what is refused, and that they are MONAI's own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from acclimate.contracts import Backbone, BackboneError, BundleError, MissingPackageError, UnknownNameError
from acclimate.models import NETWORKS, Resolved, check_source, is_volume_source, rebuild, resolve_volumes
from acclimate.models import save_preprocessing as save
from acclimate.models.volumes import networks
from acclimate.plugins import Host
from acclimate.testing import tiny
from acclimate.testing.volume_folders import PROCESSOR, save_network
from safetensors.torch import load_file, save_file

pytest.importorskip("monai", reason="the extra acclimate[volumes3d] is not installed")


def resolved(source: str | Path, **options: Any) -> Resolved[Any, Any]:
    backbone = Backbone(name="a", summary="A.", modality="volume", source=str(source), licence="none")
    return resolve_volumes(backbone, labels=("a", "b"), **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_network("resnet-3d", tmp_path / "network")


def test_the_networks_that_core_offers_are_those_that_there_are() -> None:
    offers = [offer for offer in Host(discover=False).backbones().values() if offer.modality == "volume"]
    assert [offer.source for offer in offers] == [f"monai:{name}" for name in NETWORKS]


@pytest.mark.parametrize("name", ["resnet10", "densenet121", "swin_unetr"])
def test_a_name_has_the_same_random_weights_each_time_and_as_many_as_it_says(name: str) -> None:
    first, again = resolved(f"monai:{name}@32x64x32"), resolved(f"monai:{name}@32x64x32")
    assert first.weights == again.weights
    assert first.preprocessing.size == (32, 64, 32)
    count = sum(parameter.numel() for parameter in first.model.encoder.parameters())
    assert f" {round(count / 1e6)} million" in NETWORKS[name].summary
    with torch.inference_mode():
        assert first.model(pixel_values=torch.randn(1, 1, 32, 64, 32)).shape == (1, 2)


@pytest.mark.parametrize("architecture", tiny.VOLUME)
def test_features_of_a_folder_are_those_of_monais_own_network(tmp_path: Path, architecture: str) -> None:
    from monai.networks import nets
    from monai.networks.nets.swin_unetr import SwinTransformer

    folder = save_network(architecture, tmp_path)
    state = {name.removeprefix("module."): value for name, value in load_file(folder / "model.safetensors").items()}
    volumes = tiny.inputs(architecture)["pixel_values"]
    with torch.inference_mode():
        if architecture == "resnet-3d":
            network: Any = nets.resnet10(
                spatial_dims=3, n_input_channels=1, num_classes=2, widen_factor=0.125, conv1_t_stride=2,
                shortcut_type="B", bias_downsample=False,
            )  # fmt: skip
            network.load_state_dict(state, strict=False)
            network.eval().fc = torch.nn.Identity()
            expected = network(volumes)
        elif architecture == "densenet-3d":
            network = nets.DenseNet(3, 1, 2, init_features=8, growth_rate=4, block_config=(2, 2, 2, 2))
            network.load_state_dict(state, strict=False)
            expected = network.eval().features(volumes).relu().mean(dim=(2, 3, 4))
        else:
            network = SwinTransformer(
                1, 6, (4, 4, 4), (2, 2, 2), depths=(1, 1, 1, 1), num_heads=(1, 2, 2, 2), spatial_dims=3
            )
            network.load_state_dict(state)
            expected = network.eval()(volumes)[-1].mean(dim=(2, 3, 4))
        found = resolved(folder).model.features({"pixel_values": volumes})
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_volume_has_the_same_logits_alone_and_among_others(folder: Path) -> None:
    model = resolved(folder).model
    volumes = tiny.inputs("resnet-3d", rows=5)["pixel_values"]
    with torch.inference_mode():
        together = model(pixel_values=volumes)
        alone = torch.cat([model(pixel_values=each[None]) for each in volumes])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    assert float((together[0] - together[1]).abs().max()) > 1e-4


def test_a_rebuilt_model_gives_equal_logits(folder: Path, tmp_path: Path) -> None:
    found = resolved(folder, placed=True)
    save(found.preprocessing, tmp_path / "saved")
    again, preprocessing = rebuild(json.loads(json.dumps(found.spec)), tmp_path / "saved", ("a", "b"))
    assert preprocessing == found.preprocessing
    again.load_state_dict(found.model.state_dict())
    inputs = tiny.inputs("resnet-3d")
    with torch.inference_mode():
        assert torch.equal(again(**inputs), found.model(**inputs))


def test_preprocessing_is_what_the_folder_says(tmp_path: Path) -> None:
    plain = resolved(save_network("resnet-3d", tmp_path / "a", value_range=[-1024, 1024])).preprocessing
    assert plain.size == (32, 32, 64)
    assert (plain.slices.mean, plain.slices.std, plain.slices.values) == ((0.5,), (0.25,), (-1024.0, 1024.0))
    told = {"standardise": True, "image_mean": None, "image_std": None}
    assert resolved(save_network("resnet-3d", tmp_path / "b", **told)).preprocessing.standardised


def pickled(folder: Path) -> None:
    torch.save({"state_dict": {}}, folder / "resnet_10.pth")
    (folder / "model.safetensors").unlink()


def config(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))

    return change


def processor(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        told = {**PROCESSOR, **values}
        kept = {name: value for name, value in told.items() if value is not None}
        (folder / "preprocessor_config.json").write_text(json.dumps(kept))

    return change


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        state = load_file(folder / "model.safetensors")
        change(state)
        save_file(state, folder / "model.safetensors")

    return changed


@pytest.mark.parametrize(
    ("damage", "message", "hint"),
    [
        (pickled, r"no model.safetensors, and resnet_10.pth are pickles", "weights_only=True"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no model.safetensors", "Put the weights there"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"no"), "cannot be read", "Copy it again"),
        (weights(lambda state: state.pop("module.layer2.0.conv1.weight")), "1 of .* tensors .*layer2.0.conv1", ""),
        (
            config(arguments={"widen_factor": 0.25}),
            r"'conv1.weight' is \(8,",
            "another configuration",
        ),
        (config(architecture="resnet19"), "there is no network 'resnet19'", "resnet1"),
        (config(arguments={"widen": 1.0}), "no argument 'widen'", "widen_factor"),
        (config(arguments={"widen_factor": "1"}), "widen_factor of resnet10 is like 1.0, found '1'", "Correct"),
        (processor(size={"depth": 16, "height": 64, "width": 64}), "found 16 x 64 x 64", "64 x 64 x 64"),
        (processor(size=64), "does not say size", "Write down"),
        (processor(image_std=None), "image_mean with image_std or", "Write down"),
        (processor(image_mean=[0.5, 0.5]), "channels are 1 or 3, found 2", "Correct"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_with_what_to_do(
    folder: Path, damage: Callable[[Path], object], message: str, hint: str
) -> None:
    damage(folder)
    with pytest.raises(BackboneError, match=message) as caught:
        resolved(folder)
    assert hint in caught.value.hint


def test_a_head_of_the_folders_own_is_left(folder: Path) -> None:
    weights(lambda state: state.update({"module.fc.weight": torch.zeros(3, 64)}))(folder)
    assert resolved(folder).model.head.out_features == 2


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("monai:resnet17", UnknownNameError, "no network monai:resnet17"),
        ("monai:resnet18@64x64", BackboneError, "DEPTHxHEIGHTxWIDTH, found '64x64'"),
        ("monai:resnet18@axbxc", BackboneError, "DEPTHxHEIGHTxWIDTH, found 'axbxc'"),
        ("monai:resnet18@32x32x32", BackboneError, "the longest 64 or more, found 32 x 32 x 32"),
        ("monai:swin_unetr@64x64x80", BackboneError, "multiples of 32"),
    ],
)
def test_a_name_that_is_none_is_refused_before_anything_is_read(
    source: str, error: type[Exception], message: str
) -> None:
    assert is_volume_source(source)
    with pytest.raises(error, match=message):
        check_source(source)


@pytest.mark.parametrize(
    "change",
    [{"architecture": "os.system"}, {"arguments": {"norm": ("x", {})}}, {"arguments": {"widen_factor": -1.0}},
     {"channels": 2}],
)  # fmt: skip
def test_a_manifest_that_describes_no_network_is_refused(
    folder: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    found = resolved(folder)
    save(found.preprocessing, tmp_path / "saved")
    with pytest.raises(BundleError, match="describes no model"):
        rebuild({**found.spec, "config": {**found.spec["config"], **change}}, tmp_path / "saved", ("a", "b"))


def test_without_monai_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "find_spec", lambda name: None if name == "monai" else object())
    with pytest.raises(MissingPackageError, match="not installed") as caught:
        resolved("monai:resnet10")
    assert "acclimate[volumes3d]" in caught.value.hint


def test_monai_is_imported_only_when_a_network_is_built() -> None:
    code = (
        "import sys\nfrom acclimate.models import check_source\nfrom acclimate.plugins import Host\n"
        "Host().backbones(); check_source('monai:resnet18')\nprint('monai' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
