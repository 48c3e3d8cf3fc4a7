"""Answers are those that transformers would write, whatever stands beside them, and never beyond a limit."""

from pathlib import Path
from typing import Any

import pytest
import torch
from acclimate.contracts import DataError
from acclimate.models import LanguageModel
from acclimate.models.causal import Writing, keeps_a_cache, stream, write
from acclimate.plugins import Host
from acclimate.testing.writers import CONTEXT, save_writer

PROMPTS = [[5, 9, 3, 77, 20], [8, 8], [30, 31, 32, 33, 34, 35, 36, 37, 38], [200]]


@pytest.fixture(scope="module", params=["llama", "gpt2", "qwen3"])
def theirs(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoModelForCausalLM

    folder: Path = save_writer(tmp_path_factory.mktemp("writer"), request.param)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def expected(model: Any, prompt: list[int], limit: int) -> list[int]:
    ids = torch.tensor([prompt])
    options = {"do_sample": False, "max_new_tokens": limit, "pad_token_id": 0, "eos_token_id": -1}
    found: list[int] = model.generate(ids, attention_mask=torch.ones_like(ids), **options)[0, len(prompt) :].tolist()
    return found


def test_answers_of_a_batch_are_those_that_transformers_writes_to_each_prompt_alone(theirs: Any) -> None:
    model = LanguageModel.of(theirs)
    assert keeps_a_cache(model)
    written = write(model, PROMPTS, Writing(limit=12, stops=()))
    assert [list(each.ids) for each in written] == [expected(theirs, prompt, 12) for prompt in PROMPTS]
    assert not any(each.stopped for each in written)


def test_a_stop_ends_an_answer_and_is_no_part_of_it(theirs: Any) -> None:
    model = LanguageModel.of(theirs)
    free = [list(each.ids) for each in write(model, PROMPTS, Writing(limit=12, stops=()))]
    stop = free[0][4]
    stopped = write(model, PROMPTS, Writing(limit=12, stops=(stop,)))
    for ids, each in zip(free, stopped, strict=True):
        assert each.stopped == (stop in ids)
        assert list(each.ids) == (ids[: ids.index(stop)] if stop in ids else ids)
    assert stopped[0].stopped
    assert list(stream(model, PROMPTS[0], Writing(limit=12, stops=(stop,))))[-1] == stop


def test_nothing_is_written_beyond_the_context(theirs: Any) -> None:
    model = LanguageModel.of(theirs)
    written = write(model, [[7] * (CONTEXT - 3), [7]], Writing(limit=6, stops=()))
    assert [len(each.ids) for each in written] == [3, 6]
    with pytest.raises(DataError, match="512 tokens leave no room to answer: the model reads 512"):
        write(model, [[7] * CONTEXT], Writing(limit=1, stops=()))


def test_drawn_answers_are_the_same_for_one_seed_and_others_for_another(theirs: Any) -> None:
    model = LanguageModel.of(theirs)
    first, again, other = (
        write(model, PROMPTS, Writing(limit=12, stops=(), temperature=1.0, seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(("method", "kept"), [("prompt", False), ("prefix", True), ("lora", True), ("partial", True)])
def test_virtual_tokens_are_read_again_in_every_pass_and_all_else_is_kept(
    theirs: Any, method: str, kept: bool
) -> None:
    import copy

    from acclimate.contracts import Need, Settings

    model = LanguageModel.of(copy.deepcopy(theirs))
    host = Host(discover=False)
    offer = host.methods()[method]
    need = Need(task="text-generation", modality="text", rows=4, labels=())
    plan = host.load(offer)(model, need, Settings())
    torch.manual_seed(0)
    assert offer.install is not None
    offer.install.load()(model, plan.adapter)
    with torch.no_grad():  # what was added has an effect, as after training
        for name, weight in model.encoder.named_parameters():
            if any(word in name for word in ("lora_B", "prefix", "prompt")):
                weight.add_(0.3 * torch.randn_like(weight))
    assert keeps_a_cache(model) == kept
    together = write(model, PROMPTS, Writing(limit=8, stops=()))
    for prompt, each in zip(PROMPTS, together, strict=True):
        ids = list(prompt)
        for token in each.ids:
            with torch.inference_mode():
                read = torch.tensor([ids])
                logits = model(input_ids=read, attention_mask=torch.ones_like(read))
            assert int(logits[0, -1].argmax()) == token
            ids.append(token)
