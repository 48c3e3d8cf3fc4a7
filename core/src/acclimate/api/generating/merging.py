"""A saved run that writes as a plain language model, which transformers loads and asks in the same words."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from acclimate import bundle, models
from acclimate.api.generating.predictor import ChatPredictor, load
from acclimate.api.merging import Merged, folded
from acclimate.api.parity import check_parity
from acclimate.contracts import Message
from acclimate.plugins import Host

_README = """# {preset}

A language model tuned with Acclimate (`{method}` on `{backbone}`), with what was trained folded into its weights.

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("FOLDER")
model = AutoModelForCausalLM.from_pretrained("FOLDER", dtype="float32")
chat = [{{"role": "user", "content": "…"}}]
inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
written = model.generate(**inputs, do_sample=False, max_new_tokens={limit})
print(tokenizer.decode(written[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))
```

The tokenizer's template writes chats as in training, with the system prompt of the run where a chat brings none.
Control tokens inside what people say are not taken apart there, as Acclimate does.
"""


def merge_writer(host: Host, folder: Path, output: Path) -> Merged:
    """Write a run that writes answers as a model that plain transformers loads, with its tokenizer.

    Raises:
        AcclimateError: as `merge`.
    """
    bundle.check_output(output)
    predictor = load(folder, host)
    ids = predictor.preprocessing.prompt((Message(role="user", content="Is it open on Sunday?"),))
    inputs = predictor.preprocessing.collate([ids])
    predictor.model.cpu()
    with torch.inference_mode():
        expected = predictor.model(**inputs)
    plain = _causal(predictor, host)
    with bundle.writing(output) as partial:
        plain.save_pretrained(partial)
        _tokenizer(predictor).save_pretrained(partial)
        (partial / "README.md").write_text(_readme(predictor), "utf-8")
        difference = check_parity(expected, _reloaded(partial, inputs), "The merged model")
    return Merged(output=output, loads_as=type(plain).__name__, head="inside", difference=difference)


def _causal(predictor: ChatPredictor, host: Host) -> Any:
    """Return transformers' own model with the run's weights."""
    from transformers import AutoConfig, AutoModelForCausalLM

    model = folded(predictor, host)
    assert isinstance(model, models.LanguageModel)
    config = AutoConfig.for_model(**predictor.manifest["spec"]["config"])
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.base_model.load_state_dict(model.encoder.state_dict())
    plain.get_output_embeddings().load_state_dict(model.head.state_dict())
    plain.generation_config.eos_token_id = list(predictor.preprocessing.stops)
    plain.generation_config.pad_token_id = predictor.preprocessing.padding_id
    return plain.eval()


def _tokenizer(predictor: ChatPredictor) -> Any:
    """Return the tokenizer with the run's template, which writes the run's system prompt where a chat has none."""
    template = predictor.preprocessing.template
    first = f'[{{"role": "system", "content": {json.dumps(template.system)}}}]'
    own = f"{{% if messages[0]['role'] != 'system' %}}{{% set messages = {first} + messages %}}{{% endif %}}"
    tokenizer = predictor.preprocessing.tokenizer
    tokenizer.chat_template = own + template.text
    return tokenizer


def _reloaded(folder: Path, inputs: dict[str, Tensor]) -> Tensor:
    from transformers import AutoModelForCausalLM

    quiet = {"local_files_only": True, "trust_remote_code": False, "dtype": torch.float32}
    model = AutoModelForCausalLM.from_pretrained(folder, **quiet).eval()
    with torch.inference_mode():
        found: Tensor = model(**inputs).logits
    return found.float()


def _readme(predictor: ChatPredictor) -> str:
    manifest = predictor.manifest
    return _README.format(
        preset=manifest["preset"],
        method=manifest["method"],
        backbone=manifest["backbone"]["source"],
        limit=manifest["answers"]["max_new_tokens"],
    )
