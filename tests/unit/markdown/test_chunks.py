"""A page of each dialect: source in, chunks out, offsets exact."""

# ruff: noqa: E501 - a text that is expected stands on one line

from __future__ import annotations

import pytest

from rag.chunk import chunk_page
from rag.markdown.parse import parse
from rag.types import Document
from tests.chunk_checks import Pieces, check_chunks

DOCUSAURUS = """\
---
title: Serving
tags: [ops]
---
import Tabs from '@theme/Tabs';

Intro {/* hidden */} text that is long enough to stand on its own feet, with a fact: 15 minutes is how long the cache holds.

## Start {#start}

<Tabs>
<TabItem value="a" label="Docker">

Run the container with two volumes and the flag `{detach}`, then wait for the health check to turn green on port 8000.

</TabItem>
<TabItem value="b" label="Bare">

Install the wheel into an environment of its own, then start the server with four workers and a timeout of thirty seconds.

</TabItem>
</Tabs>

:::tip[Keep *warm*]

Send one request a minute, or the first answer after a pause takes eleven seconds instead of less than one second.

:::
"""

HUGO = """\
+++
title = "Tuning"
weight = 3
+++

## Data

{{< hint warning >}}
Never train on the test set: the figures look fine and say nothing about what the model does on text that it has not seen.
{{< /hint >}}

{{% details title="Sizes" %}}
| set | rows |
|-----|------|
| train | 9,000 |
| test | 1,000 |
{{% /details %}}

{{< mermaid >}}
graph LR
  A[Raw text] -->|clean| B[Pairs]
{{< /mermaid >}}

Write `{{</* hint */>}}` to get a box; see [rates]({{< relref "rates.md#warmup" >}}) for what comes next in this long story.
"""

MKDOCS = """\
# Cache

<!-- md:version 9.2.0 -->

!!! note "When it *helps*"

    It helps where the same long prefix comes again and again, as the system prompt of an assistant does all day long.

    === "Python"

        ``` py title="warm.py"
        warm(prefix)  # (1)!
        ```

        1.  Takes about two seconds for four thousand tokens, once for each process that is started on the machine.

Press ++ctrl+r++ to reload {--twice--}{++once++}; see the [settings](x.md){ .md-button } for the time to live of an entry.

--8<-- "includes/terms.md"

*[TTL]: Time To Live
"""

OBSIDIAN = """\
%% private remark %%
Status:: running
#experiment at the start of a line, and [[Prompt caching|caching]] explained in a note of its own, not here. ^first

> [!warning]- Do not share
> The prompts hold names of customers, so the raw log stays on the machine where it was written, encrypted.

![[Prompt caching#^ttft]]

```dataview
TABLE status FROM #experiment
```

## Result

Accuracy rose to 72.0 % on 500 held-out questions after the switch to greedy decoding on the ninth of March.[^1]

[^1]: Seed 7.
"""

MYST = """\
(train)=
# Training

```{admonition} In *short*
:class: tip

Warm up for one hundred steps, then hold the rate and let it fall towards the end of the run, as {ref}`rates <rate>` says.
```

```{code-cell} python
:tags: [hide-input]
train(steps=100)
```

$$
L = -\\\\log p
$$ (loss)

Equation {eq}`loss` is what falls; {term}`perplexity` is its exponential, and the two of them say the same in other units.
"""

CHUNKS = {
    "docusaurus": (
        "docs/serve.mdx",
        DOCUSAURUS,
        "docusaurus",
        "Serving",
        [
            (
                "",
                "paragraph",
                "Intro text that is long enough to stand on its own feet, with a fact: 15 minutes is how long the cache holds.",
                (
                    "Intro",
                    "text that is long enough to stand on its own feet, with a fact: 15 minutes is how long the cache holds.",
                ),
            ),
            (
                "Start > Docker",
                "tab",
                "Start\n\nDocker\n\nRun the container with two volumes and the flag {detach}, then wait for the health check to turn green on port 8000.",
                (
                    "## Start {#start}",
                    "Docker",
                    "Run the container with two volumes and the flag `{detach}`, then wait for the health check to turn green on port 8000.",
                ),
            ),
            (
                "Start > Bare",
                "tab",
                "Bare\n\nInstall the wheel into an environment of its own, then start the server with four workers and a timeout of thirty seconds.",
                (
                    "Bare",
                    "Install the wheel into an environment of its own, then start the server with four workers and a timeout of thirty seconds.",
                ),
            ),
            (
                "Start > Keep warm",
                "admonition",
                "Keep warm\n\nSend one request a minute, or the first answer after a pause takes eleven seconds instead of less than one second.",
                (
                    "Keep *warm*",
                    "Send one request a minute, or the first answer after a pause takes eleven seconds instead of less than one second.",
                ),
            ),
        ],
    ),
    "hugo": (
        "content/docs/_index.md",
        HUGO,
        "hugo",
        "Tuning",
        [
            (
                "Data",
                "mixed",
                "Data\n\nNever train on the test set: the figures look fine and say nothing about what the model does on text that it has not seen.\n\nSizes\n\nset | rows\ntrain | 9,000\ntest | 1,000",
                (
                    "## Data",
                    "Never train on the test set: the figures look fine and say nothing about what the model does on text that it has not seen.",
                    "Sizes",
                    "| set | rows |\n|-----|------|\n| train | 9,000 |\n| test | 1,000 |",
                ),
            ),
            (
                "Data",
                "mixed",
                "Raw text -> Pairs: clean\n\nWrite {{< hint >}} to get a box; see rates for what comes next in this long story.",
                (
                    "{{< mermaid >}}\ngraph LR\n  A[Raw text] -->|clean| B[Pairs]\n{{< /mermaid >}}",
                    "Write `{{</* hint */>}}` to get a box; see [rates](",
                    ") for what comes next in this long story.",
                ),
            ),
        ],
    ),
    "mkdocs": (
        "docs/cache.md",
        MKDOCS,
        "mkdocs",
        "Cache",
        [
            (
                "Cache",
                "mixed",
                "Cache\n\nversion 9.2.0\n\nWhen it helps\n\nIt helps where the same long prefix comes again and again, as the system prompt of an assistant does all day long.",
                (
                    "# Cache",
                    "version 9.2.0",
                    "When it *helps*",
                    "It helps where the same long prefix comes again and again, as the system prompt of an assistant does all day long.",
                ),
            ),
            (
                "Cache > When it helps > Python",
                "mixed",
                "Python\n\nwarm.py\nwarm(prefix)  # (1)!\n\n1. Takes about two seconds for four thousand tokens, once for each process that is started on the machine.",
                (
                    "Python",
                    '``` py title="warm.py"\n        warm(prefix)  # (1)!\n        ```',
                    "1.  Takes about two seconds for four thousand tokens, once for each process that is started on the machine.",
                ),
            ),
            (
                "Cache",
                "mixed",
                "Press ctrl+r to reload twiceonce; see the settings for the time to live of an entry.\n\nTTL: Time To Live",
                (
                    "Press ++ctrl+r++ to reload {--twice--}{++once++}; see the [settings](x.md){ .md-button } for the time to live of an entry.",
                    "*[TTL]: Time To Live",
                ),
            ),
        ],
    ),
    "obsidian": (
        "Notes/Eval log.md",
        OBSIDIAN,
        "obsidian",
        "Eval log",
        [
            (
                "",
                "paragraph",
                "Status:: running\n#experiment at the start of a line, and caching explained in a note of its own, not here.",
                (
                    "Status:: running\n#experiment at the start of a line, and [[Prompt caching|caching]] explained in a note of its own, not here.",
                ),
            ),
            (
                "Do not share",
                "admonition",
                "Do not share\n\nThe prompts hold names of customers, so the raw log stays on the machine where it was written, encrypted.",
                (
                    "Do not share",
                    "> The prompts hold names of customers, so the raw log stays on the machine where it was written, encrypted.",
                ),
            ),
            (
                "Result",
                "mixed",
                "Result\n\nAccuracy rose to 72.0 % on 500 held-out questions after the switch to greedy decoding on the ninth of March.\n\nSeed 7.",
                (
                    "## Result",
                    "Accuracy rose to 72.0 % on 500 held-out questions after the switch to greedy decoding on the ninth of March.[^1]",
                    "[^1]: Seed 7.",
                ),
            ),
        ],
    ),
    "myst": (
        "book/train.md",
        MYST,
        "myst",
        "Training",
        [
            (
                "Training > In short",
                "admonition",
                "Training\n\nIn short\n\nWarm up for one hundred steps, then hold the rate and let it fall towards the end of the run, as rates says.",
                (
                    "# Training",
                    "In *short*",
                    "Warm up for one hundred steps, then hold the rate and let it fall towards the end of the run, as {ref}`rates <rate>` says.",
                ),
            ),
            (
                "Training",
                "mixed",
                "train(steps=100)\n\nL = -\\\\log p\n\nEquation loss is what falls; perplexity is its exponential, and the two of them say the same in other units.",
                (
                    "```{code-cell} python",
                    "train(steps=100)\n```",
                    "$$\nL = -\\\\log p\n$$",
                    "Equation {eq}`loss` is what falls; {term}`perplexity` is its exponential, and the two of them say the same in other units.",
                ),
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", CHUNKS)
def test_a_page_becomes_these_chunks(name):
    path, source, dialect, title, expected = CHUNKS[name]
    page = parse(source, path)
    chunks = chunk_page(Document("id", path, page.title, page.metadata, source, ""), page, Pieces(), 90)
    check_chunks(source, page, chunks)
    assert (page.dialect, page.title) == (dialect, title)
    found = [
        (" > ".join(chunk.heading_path), chunk.kind, chunk.text, tuple(source[a:b] for a, b in chunk.spans)) for chunk in chunks
    ]
    assert found == expected


@pytest.mark.parametrize("name", CHUNKS)
def test_other_line_ends_change_nothing_but_themselves(name):
    path, source, _, _, expected = CHUNKS[name]
    other = source.replace("\n", "\r\n")
    page = parse(other, path)
    chunks = chunk_page(Document("id", path, page.title, page.metadata, other, ""), page, Pieces(), 90)
    check_chunks(other, page, chunks)
    assert [chunk.text for chunk in chunks] == [text for _, _, text, _ in expected]


def test_code_is_known_where_it_stands():
    source = """\
# A

Text.

``` py title="warm.py"
warm(prefix)
cold()
```

- item

  ```
  x = 1
  ```
"""
    page = parse(source, "docs/a.md")
    whole, *_ = chunk_page(Document("id", "docs/a.md", "A", {}, source, ""), page, Pieces(), 90)
    assert [whole.text[start:end] for start, end in whole.code] == ["warm(prefix)\ncold()", "x = 1"]
    lines = "".join(f"line_{number} = {number}\n" for number in range(60))
    long = f'# A\n\n``` py title="warm.py"\n{lines}```\n'
    cut = chunk_page(Document("id", "a.md", "A", {}, long, ""), parse(long, "a.md"), Pieces(), 90)
    assert len(cut) > 1
    assert "".join(chunk.text[start:end] + "\n" for chunk in cut for start, end in chunk.code) == lines
