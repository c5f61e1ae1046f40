import pytest

from rag.markdown.align import verbatim
from rag.markdown.mojibake import repair, repair_text, suspicious
from tests.unit.markdown.checks import page_of

RIGHT = [
    "Dağ—deniz, yağ– bağ “tırnak” İstanbul'un ğ harfi: ağaç, doğru, öğrenci… çığ•",
    "Yağış ve sağ™ işareti; dağ˜tepe değil",
    "Zażółć gęślą jaźń – „cudzysłów” i ‚pojedynczy’",
    "Tiếng Việt rất đẹp: được, người, trường, ỷ lại",
    "Chữ “Â” và “Ă”; «LÃ» là len; mục “BẢO MÃ” viết hoa, ĐÃ MÃ HOÁ; Ô, Ơ, Ư, Ã, À",
    "النص العربي يبقى كما هو، «اقتباس»",
    "这是中文文本，不应改变。「引号」",
    "日本語のテキストはそのまま。『引用』",
    "ข้อความภาษาไทยต้องไม่เปลี่ยน",
    "Smart “quotes”, ‘single’ – dashes — and ellipsis…",
    "L’été à la plage, où ça ? Ça va — très bien",
    "Größe, Straße, Übung; 5 µm ± 2 °C, ½ ×",
    "𝗕𝗼𝗹𝗱 letters and 💽 emoji that are right",
    "ﬁ ligature, ｆｕｌｌ width, Ⅳ",
]


@pytest.mark.parametrize("text", RIGHT)
def test_right_text_is_never_changed(text):
    assert repair_text(text) == text
    assert page_of(text).blocks[0].text == text


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("schÃ¶n und â€œgutâ€\x9d", "schön und “gut”"),
        ("voilÃ le travail", "voilà le travail"),
        ("ItÃ¢â‚¬â„¢s twice", "It’s twice"),
        ("plain words and one Ã©tÃ© among them", "plain words and one été among them"),
    ],
)
def test_the_usual_cases(wrong, right):
    assert repair_text(wrong) == right


def lost(text: str) -> str:
    """Text as it looks after its UTF-8 was read as Windows-1254 and the undefined bytes were dropped."""
    return text.encode("utf-8").decode("cp1254", errors="ignore")


def bold(text: str) -> str:
    """Text in mathematical sans-serif bold letters."""
    return "".join(
        chr(0x1D5D4 + ord(c) - 65) if "A" <= c <= "Z" else chr(0x1D5EE + ord(c) - 97) if "a" <= c <= "z" else c for c in text
    )


@pytest.mark.parametrize(
    "text", ["Bottom-Layer (ML Infrastructure & Frameworks)", "Middle Layer (Machine Learning Tools)", "Top Layer (AI Services)"]
)
def test_bold_letters_that_lost_bytes(text):
    assert repair_text(f"{lost('💽')} {lost(bold(text))}: rest") == f"💽 {text}: rest"


def test_a_repair_knows_its_place():
    source = f"See {lost(bold('Top'))} *now* and Ã©."
    (block,) = page_of(source).blocks
    assert block.text == "See Top now and é."
    place = source.index("ğ")
    assert [segment[2:] for segment in block.alignment if segment[0] == 4] == [(place, place + 3)]
    assert (4 + len("Top now and "), 4 + len("Top now and é"), len(source) - 3, len(source) - 1) in block.alignment


def test_source_is_not_part_of_the_repair():
    aligned = verbatim("Ã©", 10)
    assert repair(aligned).alignment == ((0, 1, 10, 12),)


def test_suspicion_is_cheap():
    assert not suspicious("plain text")
    assert not suspicious("été")
    assert suspicious("Ã©tÃ© plus")
