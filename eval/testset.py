"""ragas' testset generator over our chunks, with our model: its prompts and its way from a chunk to a question and an answer.

Calls the generator's parts one after the other instead of its executor, so that a failure costs one question and is counted. Its
default tokenizer comes from the network and is not used. Knows ragas and the judge's interface; checks nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from typing import Any

from ragas.testset.graph import KnowledgeGraph, Node, NodeType
from ragas.testset.persona import Persona
from ragas.testset.synthesizers.prompts import PersonaThemesMapping, ThemesPersonasMatchingPrompt
from ragas.testset.synthesizers.single_hop.specific import SingleHopSpecificQuerySynthesizer
from ragas.testset.transforms.extractors.llm_based import NERExtractor

from eval.generated import Generated
from eval.judge import LocalJudge
from rag.errors import RagError
from rag.types import Chunk

PERSONAS = (
    ("Newcomer", "Has heard the words and wants to know what they mean."),
    ("Practitioner", "Builds something with it and needs names, numbers and settings."),
    ("Reviewer", "Checks claims, asks when, by whom and how much."),
)


class EveryTheme(ThemesPersonasMatchingPrompt):  # type: ignore[misc]  # ragas' types are not checked here
    """Every persona may ask about every theme: which fits whom is not worth a call of the model for each chunk."""

    async def generate(self, data: Any, **_: object) -> PersonaThemesMapping:  # noqa: ANN401  # ragas' own model
        """Return all themes for all personas."""
        return PersonaThemesMapping(mapping={persona.name: list(data.themes) for persona in data.personas})


class WholeChunks(NERExtractor):  # type: ignore[misc]
    """Reads a chunk in one piece."""

    def split_text_by_token_limit(self, text: str, max_token_limit: int) -> list[str]:
        """Return the text: a chunk is far below any limit."""
        del max_token_limit
        return [text]


def generate(chunks: Sequence[Chunk], llm: LocalJudge, *, seed: int) -> Iterator[Generated | RagError]:
    """Yield a question for each chunk, or what went wrong with it.

    Args:
        chunks: to ask about.
        llm: writes questions and answers.
        seed: of who asks, about what and in which style.
    """
    random.seed(seed)  # ragas draws from the global generator
    for chunk in chunks:
        try:
            yield asyncio.run(_from_chunk(chunk, llm))
        except (RagError, ValueError) as error:
            yield error if isinstance(error, RagError) else RagError(f"ragas made nothing of a chunk: {error}")


async def _from_chunk(chunk: Chunk, llm: LocalJudge) -> Generated:
    node = Node(type=NodeType.CHUNK, properties={"page_content": f"{chunk.heading_line}\n{chunk.text[chunk.lead :]}"})
    name, entities = await WholeChunks(llm=llm).extract(node)
    node.properties[name] = entities
    synthesizer = SingleHopSpecificQuerySynthesizer(llm=llm, theme_persona_matching_prompt=EveryTheme())
    personas = [Persona(name=who, role_description=what) for who, what in PERSONAS]
    scenarios = await synthesizer.generate_scenarios(n=1, knowledge_graph=KnowledgeGraph(nodes=[node]), persona_list=personas)
    if not scenarios:
        raise RagError("The model found nothing to ask about in a chunk")
    sample = await synthesizer.generate_sample(scenarios[0])
    return Generated(str(sample.user_input), str(sample.reference), chunk)
