"""Which language a text is in, told by the small words that every sentence needs. Knows words; knows no model.

Of a text without such words, and where two languages come out alike, it says nothing. A language that is not listed may be taken
for a near relative.
"""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+|¿")
_SMALL_WORDS: Final = {
    "English": """
        the a an i my me we our you your may of is are was were be been do does did has have had what which who whom whose
        when where why how and or with from for in to on by at as that this these there it its not can could should would will
        must many much does
    """,
    "German": """
        der die das den dem des ein eine einen einem einer ist sind war waren wird werden wurde wurden hat haben kann können
        in sein ihr ich wir man was wer wem wen wie wo wann warum wieso welche welcher welches welchen welchem und oder nicht
        mit von vom zu zum zur für im auf aus bei nach über es gibt sich auch viele einer eines
    """,
    "French": """
        le la les un une des du de au aux est sont était a ont peut que qui quoi quel quelle quels quelles quand où pourquoi
        comment combien et ou ne pas avec pour dans sur par en il elle ils on ce cette ces se y
    """,
    "Spanish": """
        el la los las un una unos de del al es son era fue hay ha han puede pueden que qué quién quiénes cuál cuáles cuándo
        dónde cómo cuánto cuántos cuánta cuántas y o no con para por en se su sus como este esta qué ¿
    """,
    "Italian": """
        il lo la i gli le un uno una di del della dei delle è sono era ha hanno può che chi cosa quale quali quando dove
        perché come quanto quanti quanta quante e o non con per in su si nel nella al alla
    """,
    "Portuguese": """
        o a os as um uma de do da dos das é são era foi há tem têm pode que quem qual quais quando onde como quanto quantos
        quanta quantas por porque e ou não com para em no na nos nas se ao pelo pela
    """,
    "Dutch": """
        de het een van is zijn was waren wordt worden heeft hebben kan kunnen wat wie welke waar wanneer waarom hoe hoeveel en
        of niet met voor in op te aan uit bij naar er dat die dit
    """,
    "Swedish": """
        en ett och att det som är var på av för med inte den till har hade kan ska vilken vilket vilka vad vem när hur många mycket
        varför från om eller
    """,
    "Danish": """
        en et og at det som er var på af for med ikke den til har havde kan skal hvilken hvilket hvilke hvad hvem hvornår hvor mange
        meget hvorfor fra om eller
    """,
    "Norwegian": """
        en et og å det som er var på av for med ikke den til har hadde kan skal hvilken hvilket hvilke hva hvem når hvor mange mye
        hvorfor fra om eller
    """,
    "Catalan": """
        el la els les un una uns unes de del al és són era ha han pot que què qui quin quina quins quines quan on com quant quants
        quanta quantes i o no amb per en es seva aquest aquesta
    """,
    "Polish": """
        i w na z do nie jest są był była było się że co kto który która które kiedy gdzie jak ile dlaczego czy od po dla ma mają
        przez oraz
    """,
}
_KNOWN: Final = {name: frozenset(listed.split()) for name, listed in _SMALL_WORDS.items()}
# A script, the language that is mostly written in it, and letters that only a relative of it has.
_SCRIPTS: Final = (
    (re.compile(r"[\u3040-\u30ff]"), "Japanese", "", ""),
    (re.compile(r"[\u4e00-\u9fff]"), "Chinese", "", ""),
    (re.compile(r"[\uac00-\ud7af]"), "Korean", "", ""),
    (re.compile(r"[\u0400-\u04ff]"), "Russian", "іїєґ", "Ukrainian"),
    (re.compile(r"[\u0600-\u06ff]"), "Arabic", "پچژگ", "Persian"),
)
_SCRIPT_SHARE: Final = 0.2  # of the letters; a quoted name in another script changes no language
_SHARED: Final = 0.3  # what a word counts that stands in more than one list
_FEWEST: Final = 2  # one small word may be a name or a noun: "AI war games" is not German
_LEAD: Final = 0.9  # how far one language must be ahead of the next to be sure


def language(text: str) -> str:
    """Return the English name of the language of a text, empty where that is not sure.

    >>> language("Wie viele Sprachen kennt BLOOM?")
    'German'
    >>> language("Quels modèles décrivent une image par une légende ?")
    'French'
    >>> language("BLOOM 176B")
    ''
    """
    found = _WORD.findall(text.casefold())
    letters = sum(map(len, found))
    for script, name, marks, relative in _SCRIPTS:
        if letters and len(script.findall(text)) / letters >= _SCRIPT_SHARE:
            return relative if set(marks) & set(text) else name
    scores = sorted(((sum(_weight(word) for word in found if word in known), name) for name, known in _KNOWN.items()), reverse=True)
    (most, name), (second, _) = scores[:2]
    fewest = sum(word in _KNOWN[name] for word in found) >= _FEWEST
    return name if fewest and most >= second + _LEAD else ""


def _weight(word: str) -> float:
    return 1.0 if sum(word in known for known in _KNOWN.values()) == 1 else _SHARED


def may_be_english(text: str) -> bool:
    """Whether a text is in English, or in no language that can be told: a short question may be nothing but names."""
    return language(text) in {"English", ""}
