import pytest

from tests.unit.markdown.checks import page_of


def statements(diagram: str) -> list[str]:
    (block,) = page_of(f"```mermaid\n{diagram}\n```\n").blocks
    assert block.kind == "diagram"
    return block.text.split("\n")


def test_a_flowchart_by_its_labels():
    assert statements(
        """flowchart LR
    DATA[Large Datasets]
    FM["Foundation<br/>Models"]
    %% a comment
    DATA -->|Training| FM
    FM -- makes more --> GEN(Content) & X{{Other}}
    GEN -.-> END_1((Done)); X ==> END_1
    subgraph one [The part]
      a & b --> c
    end
    lonely[Alone]
    style FM fill:#fff
    classDef big font-size:20px
    A1:::big --> B2@{ shape: rect, label: "Hello" }"""
    ) == [
        "Large Datasets -> Foundation Models: Training",
        "Foundation Models -> Content: makes more",
        "Foundation Models -> Other: makes more",
        "Content -> Done",
        "Other -> Done",
        "The part",
        "a -> c",
        "b -> c",
        "Alone",
        "A1 -> Hello",
    ]


@pytest.mark.parametrize(
    ("diagram", "expected"),
    [
        (
            "sequenceDiagram\n  participant A as Alice\n  A->>B: Hello\n  B-->>-A: Hi\n  Note over A,B: Both\n"
            "  loop Every minute\n    A-)B: ping\n  end",
            ["Alice -> B: Hello", "B -> Alice: Hi", "A,B: Both", "Every minute", "Alice -> B: ping"],
        ),
        (
            "stateDiagram-v2\n  [*] --> Still\n  Still --> Moving : push\n  Moving --> [*]",
            ["start -> Still", "Still -> Moving: push", "Moving -> end"],
        ),
        ("classDiagram\n  Animal <|-- Duck : is a\n  class Duck{\n    +swim()\n  }", ["Duck -> Animal: is a", "Duck", "+swim()"]),
        (
            "erDiagram\n  CUSTOMER ||--o{ ORDER : places\n  ORDER {\n    int id\n  }",
            ["CUSTOMER -> ORDER: places", "ORDER", "int id"],
        ),
        ('pie title Pets\n  "Dogs" : 386\n  "Cats" : 85.9', ["Pets", "Dogs: 386", "Cats: 85.9"]),
        (
            "mindmap\n  root((RAG))\n    Retrieval\n      BM25\n    Generation[LLM]",
            ["RAG", "RAG -> Retrieval", "Retrieval -> BM25", "RAG -> LLM"],
        ),
        (
            "timeline\n  title History\n  2002 : LinkedIn\n  2004 : Facebook : Google",
            ["History", "2002 : LinkedIn", "2004 : Facebook : Google"],
        ),
        ("gantt\n  title Plan\n  dateFormat YYYY\n  section S1\n  Task one :a1, 30d", ["Plan", "S1", "Task one :a1, 30d"]),
        ('gitGraph\n  commit id: "init"\n  branch b', ["gitGraph", 'commit id: "init"', "branch b"]),
        ("---\ntitle: The flow\n---\ngraph TD\n  A --> B", ["The flow", "A -> B"]),
        (
            'graph TD\n  subgraph My group\n  A["Big <b>Data</b><br/>set"] -->|<i>Train</i>| B(x < y)\n  end',
            ["My group", "Big Data set -> x < y: Train"],
        ),
        ("flowchart LR\n  A -->", ["A -->"]),
        (
            "graph TD; A[Start]-->B{Choice}; B-->|yes|C; C---D-1; class A internal-link;",
            ["Start -> Choice", "Choice -> C: yes", "C -> D-1"],
        ),
        ('flowchart LR A["x; y"] --> B("a #35; b"); B --> C[fa:fa-car Car <br/> red]', ["x; y -> a #35; b", "a #35; b -> Car red"]),
        (
            'graph TD; A[Start; now]-->|a; b|B{Ask; again}; B-->C((1; 2)); C-->D[(x; y)]; D-->E["a ] ; b"]; E-->F',
            ["Start; now -> Ask; again: a; b", "Ask; again -> 1; 2", "1; 2 -> x; y", "x; y -> a ] ; b", "a ] ; b -> F"],
        ),
        ("sequenceDiagram; A->>B: hi; B-->>A: yo", ["A -> B: hi", "B -> A: yo"]),
        (
            'classDiagram\n  Customer "1" --> "0..3" Ticket : buys\n  class Bank["The bank"] {\n    +open()\n  }\n'
            '  note for Bank "closes"\n  note "all"\n  Animal <|-- Bank',
            ["Customer 1 -> Ticket 0..3: buys", "The bank", "+open()", "The bank: closes", "all", "The bank -> Animal"],
        ),
        (
            "stateDiagram-v2\n  state fork <<fork>>\n  A --> fork\n  --\n  note right of A\n    Two\n    lines\n  end note",
            ["A -> fork", "A", "Two", "lines"],
        ),
        ("erDiagram\n  p[Person] {\n    int id\n  }\n  p }|..|{ CAR : drives", ["Person", "int id", "Person -> CAR: drives"]),
        ("sequenceDiagram\n  rect rgb(0, 0, 0)\n  A->>B: x\n  end", ["A -> B: x"]),
    ],
)
def test_other_kinds(diagram, expected):
    assert statements(diagram) == expected


def test_a_statement_maps_to_its_line():
    source = "```mermaid\ngraph LR\n  X --> Y\n  A[One] -->|two| B\n  A --> C\n```\n"
    (block,) = page_of(source).blocks
    assert block.text == "X -> Y\nOne -> B: two\nOne -> C"
    assert [source[slice(*part.spans[0])].strip() for part in block.parts] == [
        "```mermaid\ngraph LR\n  X --> Y",
        "A[One] -->|two| B",
        "A --> C\n```",
    ]
    part = block.parts[1]
    assert [(part.text[a:b], source[c:d]) for a, b, c, d in part.alignment] == [("One", "One"), ("B", "B"), ("two", "two")]
    assert [(block.parts[2].text[a:b], source[c:d]) for a, b, c, d in block.parts[2].alignment] == [("One", "A --> C"), ("C", "C")]


def test_statements_on_one_line_map_to_themselves():
    source = "```mermaid\ngraph TD; A[One]-->B[Two]; B-->|three|A\n```\n"
    (block,) = page_of(source).blocks
    assert [(part.text, source[slice(*part.spans[0])]) for part in block.parts] == [
        ("One -> Two", "```mermaid\ngraph TD; A[One]-->B[Two]"),
        ("Two -> One: three", "; B-->|three|A\n```"),
    ]
