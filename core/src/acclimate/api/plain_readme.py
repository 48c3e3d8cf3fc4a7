"""The README of a plain model: what it is, where it comes from, and the lines that give the run's probabilities."""

from pathlib import Path
from typing import Literal

from scipy.special import expit

from acclimate.api.deciding import probability
from acclimate.api.predictor import Predictor
from acclimate.models import ImagePreprocessing, TextPreprocessing, on_unit_scale

Kind = Literal["classifier", "encoder", "adapter"]
_WHAT = {
    "classifier": "This is a classifier that transformers loads by itself.",
    "encoder": "This is an encoder, with a linear head in head.safetensors, that transformers loads by itself.",
    "adapter": "This is an adapter that peft puts on its backbone, with a linear head in head.safetensors.",
}
_POOLING = {
    "mean": """    mask = inputs["attention_mask"].unsqueeze(-1)
    features = (outputs.last_hidden_state * mask).sum(1) / mask.sum(1)""",
    "mean of images": """    hidden = outputs.last_hidden_state
    features = hidden.mean((2, 3)) if hidden.ndim == 4 else hidden.mean(1)""",
    "cls": "    features = outputs.last_hidden_state[:, 0]",
    "last": """    last = inputs["attention_mask"].sum(1) - 1
    features = outputs.last_hidden_state[torch.arange(len(last)), last]""",
    "own": "    features = outputs.pooler_output.flatten(1)",
    "stages": """    maps = [stage.flatten(2) for stage in outputs.hidden_states]
    means = [stage.mean(2) for stage in maps]
    spreads = [(stage.var(2, correction=0) + 1e-5).sqrt() for stage in maps]
    features = torch.cat([outputs.pooler_output.flatten(1), *means, *spreads], 1)""",
}


def name_of(source: str) -> str:
    """Return what a backbone is called on other machines: a hub id, a package, or the name of its folder."""
    folder = Path(source).expanduser()
    return folder.resolve().name if folder.is_dir() else source


def readme(predictor: Predictor, loads_as: str, kind: Kind) -> str:
    """Return the page; its one block of Python is given `folder` and `texts`, or `images` as paths.

    That of an adapter is also given `base`: the hub id of its backbone, or the folder where it lies.
    """
    manifest, backbone = predictor.manifest, predictor.manifest["backbone"]
    paragraphs = [
        f"# {manifest['preset']} as {'an adapter' if kind == 'adapter' else 'a plain model'}",
        f"{_WHAT[kind]} It was adapted by Acclimate {manifest['acclimate']} with "
        f"method {manifest['method']} on {name_of(backbone['source'])} (licence: {backbone['licence']}).",
        f"Labels, in the order of the logits: {', '.join(predictor.labels)}.",
    ]
    if predictor.thresholds is not None:
        reached = expit(predictor.thresholds) if predictor.curves else predictor.thresholds
        levels = zip(predictor.labels, reached, strict=True)
        shown = ", ".join(f"{label} {level:.4f}" for label, level in levels)
        number = "probability" if predictor.curves else "logit"
        paragraphs.append(f"A row is given each label whose {number} reaches: {shown}.")
    if predictor.curves:
        paragraphs.append(
            "Its probabilities follow the isotonic curves in calibration.json, which validation rows gave: from the "
            "log-odds of a label to the share of rows that have it. The likeliest label is that of the probabilities."
        )
    decided = predictor.decisions
    if decided.threshold is not None:
        paragraphs.append(
            f"A row is flagged as {decided.positive} from a probability of {probability(decided.threshold):.6f} on "
            f"({decided.rule}, chosen on validation rows)."
        )
    if decided.scope_threshold is not None:
        of = {"energy": "logits.logsumexp(1)", "max_probability": "logits.softmax(1).amax(1)"}[decided.scope_score]
        paragraphs.append(
            f"A row has none of the labels where `{of}` is below {decided.scope_threshold:.6f}, which validation "
            f"rows chose to keep {decided.retention:.3g} of rows with a label."
        )
    if manifest["prepare"]:
        paragraphs.append(f"Inputs are first prepared by `{manifest['prepare']}`, which is not part of this folder.")
    if kind == "adapter":
        paragraphs.append(
            "`base` is where the backbone lies: its hub id or its folder. Its weights must be those with the sha256 "
            f"{backbone['weights']} (of their names, shapes, types and bytes)."
        )
    code = [
        *_imports(predictor, loads_as, kind),
        "",
        *_inputs(predictor),
        *_model(predictor, loads_as, kind),
    ]
    return "\n\n".join([*paragraphs, "\n".join(["```python", *code, "```", ""])])


def _imports(predictor: Predictor, loads_as: str, kind: Kind) -> list[str]:
    text = isinstance(predictor.preprocessing, TextPreprocessing)
    found = ["import torch", f"from transformers import {loads_as}{', AutoTokenizer' if text else ''}"]
    if not text:
        found = ["import numpy as np", "import torch", "from PIL import Image", *found[1:]]
    if predictor.curves:
        found = ["import json", *([] if "import numpy as np" in found else ["import numpy as np"]), *found]
    if kind == "adapter":
        found = [*found[:-1], "from peft import PeftModel", found[-1]]
    return found if kind == "classifier" else [*found[:-1], "from safetensors.torch import load_file", found[-1]]


def _inputs(predictor: Predictor) -> list[str]:
    preprocessing = predictor.plain_preprocessing
    if isinstance(preprocessing, ImagePreprocessing):
        height, width = preprocessing.size
        mean, std = on_unit_scale(preprocessing.mean, preprocessing.std, preprocessing.values)
        mode = "RGB" if preprocessing.channels == 3 else "L"
        shape = f"(-1, {height}, {width}, {preprocessing.channels})"
        return [
            f"size, way = ({width}, {height}), Image.Resampling.{preprocessing.interpolation.upper()}",
            f'opened = [Image.open(path).convert("{mode}").resize(size, way) for path in images]',
            "pixels = np.stack([np.asarray(image) for image in opened]) / np.float32(255)",
            *([f"pixels = pixels.reshape{shape}"] if mode == "L" else []),
            f"pixels = (pixels - np.float32({mean})) / np.float32({std})",
            'inputs = {"pixel_values": torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())}',
        ]
    lines = ["tokenizer = AutoTokenizer.from_pretrained(folder)", 'tokenizer.padding_side = "right"']
    if preprocessing.tokenizer.pad_token_id is None:
        lines.append("tokenizer.pad_token = tokenizer.eos_token  # what stands there never matters: it is masked")
    cut = f"truncation=True, max_length={preprocessing.max_tokens}"
    return [*lines, f'inputs = tokenizer(texts, padding=True, {cut}, return_tensors="pt")']


def _model(predictor: Predictor, loads_as: str, kind: Kind) -> list[str]:
    spec = predictor.manifest["spec"]
    end = _end(predictor)
    if kind == "classifier":
        return [
            f"model = {loads_as}.from_pretrained(folder).eval()",
            "with torch.inference_mode():",
            "    logits = model(**inputs).logits",
            *end,
        ]
    pooling = spec["pooling"]
    if pooling == "mean" and spec["modality"] == "image":
        pooling = "mean of images"
    extra = "".join(f", {name}={value}" for name, value in spec["arguments"].items())
    wanted = ", output_hidden_states=True" if pooling == "stages" else ""
    norm = ["    features = torch.nn.functional.normalize(features, dim=-1)"] if spec["unit_norm"] else []
    encoder = [f"encoder = {loads_as}.from_pretrained(folder{extra}).eval()"]
    if kind == "adapter":
        encoder = [
            f"encoder = {loads_as}.from_pretrained(base, dtype=torch.float32{extra})",
            "encoder = PeftModel.from_pretrained(encoder, folder).eval()",
        ]
    return [
        *encoder,
        'head = load_file(f"{folder}/head.safetensors")',
        "with torch.inference_mode():",
        f"    outputs = encoder(**inputs{wanted})",
        _POOLING[pooling],
        *norm,
        '    logits = features @ head["weight"].T + head["bias"]',
        *end,
    ]


def _end(predictor: Predictor) -> list[str]:
    """Return the lines from logits to probabilities."""
    several = predictor.thresholds is not None
    if not predictor.curves:
        return [f"probabilities = {'logits.sigmoid()' if several else 'logits.softmax(-1)'}"]
    odds = "rest = [torch.cat([logits[:, :k], logits[:, k + 1 :]], 1).logsumexp(1) for k in range(logits.shape[1])]"
    two = not several and len(predictor.labels) == 2
    last = "torch.cat([1 - shares, shares], 1)" if two else "shares / shares.sum(1, keepdim=True)"
    return [
        'curves = json.load(open(f"{folder}/calibration.json"))',
        *(["odds = logits"] if several else [odds, "odds = logits - torch.stack(rest, 1)"]),
        f"columns = zip(odds.T{'[1:]' if two else ''}, curves)",
        'shares = [np.interp(column, curve["scores"], curve["probabilities"]) for column, curve in columns]',
        "shares = torch.from_numpy(np.stack(shares, 1))",
        f"probabilities = {'shares' if several else last}",
    ]
