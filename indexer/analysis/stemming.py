"""What is peculiar to a language: how its words are stemmed, and which of them only join others.

Stemmers are Snowball's. A word of English is first brought to one spelling and number, where a
stemmer can't: labour and labor, organise and organize, children and child.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import Stemmer

from indexer.analysis.folding import as_written, fold

SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
    "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip
"""The languages that are stemmed (ISO 639-1), and what Snowball calls them. Words of all
others stay as they are."""

_SCRIPTS = ((re.compile("[\u0600-\u06ff]"), "ar"), (re.compile("[\u0400-\u04ff]"), "ru"))
"""Languages whose script tells them apart from those of Latin letters, whatever else is known."""
OTHER_SCRIPTS = frozenset({"ar", "el", "fa", "he", "hi", "ja", "ko", "ru", "uk", "zh"})
"""Languages that are not written in Latin letters."""

_SPELLINGS = (
    (r"^(wo|police|fisher|sea|congress|chair|spokes|business)?men$", r"\1man"),
    (r"^children('s)?$", "child"),
    (r"is(e[drs]?|ers|ing|ations?|able)$", r"iz\1"),
    (r"(al|ol)yses$", r"\1ysis"),
    (r"ys(ed?|ing)$", r"yz\1"),
    (r"(?<=...)our((?:s|ed|er|ers|ing|able|al|ful|less|hood|ites?|y)?)$", r"or\1"),
    (r"^(cent|theat|met|lit|fib|spect|calib)re(s|d)?$", r"\1er\2"),
    (r"^(def|off|lic|pret)ence(s|d)?$", r"\1ense\2"),
    (r"^(program|catalog|dialog|analog)(?:me|ue)(s|d)?$", r"\1\2"),
    (r"^(travel|label|counsel|cancel|model|signal|fuel|channel|level)l(?=ed|ing|er|or)", r"\1"),
    (r"^(judg|acknowledg|ag)e(?=ment|ing$)", r"\1"),
    (r"^(p|orthop|encyclop)aed", r"\1ed"),
)
"""What is spelt in two ways, and irregular plurals, each as (pattern, one form). A form need
not be a word: `raize` and `rize` do no harm where all of their kind become so."""
_ONE_SPELLING = tuple((re.compile(pattern), form) for pattern, form in _SPELLINGS)
# Most words are spelt in one way only, which one look tells sooner than one a pattern.
_MAY_DIFFER = re.compile("|".join(pattern for pattern, _ in _SPELLINGS))


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    algorithm = SNOWBALL.get(language.partition("-")[0])
    # It would keep words of any length: what is kept is kept by `stem`.
    return Stemmer.Stemmer(algorithm, 0) if algorithm else None


def _of(word: str, language: str) -> str:
    """The language that a word is read in: its script may tell better than the text's."""
    if word.isascii():
        return language
    return next((of for script, of in _SCRIPTS if script.search(word)), language)


def may_have(language: str, word: str) -> bool:
    """Return whether a word is written in the script of a language."""
    if word.isascii():
        return language not in OTHER_SCRIPTS
    return _of(word, language) == language


_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|dell|all|dall|nell|sull|un)'(?=.)")
_ELIDING = ("ca", "fr", "it")
"""Languages that write an article and its noun as one word: l'exploitation."""


LONGEST_KEPT, MOST_KEPT = 40, 50_000
"""The cache has at most 50,000 stems a language, and none of a word of over 40 characters: a text
of long words could fill the memory."""


def stem(word: str, language: str) -> str:
    """The stem of a word as it stands in a text: what its inflections have in common, folded.

    Accents help the stemmer of a language that has them, so it sees them; English has none.
    """
    return _kept(language)[word]


def stems(words: Iterable[str], language: str) -> list[str]:
    """Return the stem of each word, in order."""
    return list(map(_kept(language).__getitem__, words))


class _Kept(dict[str, str]):
    """The cached stems of one language, by word: a look-up takes no call of a Python function."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, word: str) -> str:
        lowered = word.lower()
        # English is folded before it is stemmed, so that case makes no difference.
        is_same = lowered != word and word.isascii() and self._language.startswith("en")
        found = self[lowered] if is_same else new_stem(word, self._language)
        if len(word) <= LONGEST_KEPT:
            if len(self) >= MOST_KEPT:
                self.clear()
            self[word] = found
        return found


_kept = lru_cache(maxsize=64)(_Kept)


def new_stem(word: str, language: str) -> str:
    """Return the same without keeping it, for long lists of words that are stemmed once."""
    read_in = _of(word, language)
    stemmer = _stemmer(read_in)
    if stemmer is None:
        return as_written(word)
    if read_in.startswith("en"):
        return str(stemmer.stemWord(one_spelling(as_written(word))))
    lowered = word.casefold().replace("’", "'")
    if read_in.startswith(_ELIDING):
        lowered = _ELISION.sub("", lowered)
    return fold(stemmer.stemWord(lowered))


def one_spelling(written: str) -> str:
    """An English word in the one spelling of those that it has."""
    if not _MAY_DIFFER.search(written):
        return written
    for pattern, replacement in _ONE_SPELLING:
        written, changed = pattern.subn(replacement, written, count=1)
        if changed:
            break
    return written


ENDINGS = {
    language: frozenset(endings.split())
    for language, endings in {
        "en": "s es 's s' ed d ing e y ies ied ying",
        "es": "s es a o as os e",
        "fr": "s e es x l ux le les aux al",
        "pt": "s es a o as os e ao oes aes",
    }.items()
}
"""Folded endings of inflection, by language. A stemmer also takes off those of derivation: it gives
one stem to *legislators* and *legislation*."""


def is_inflection(word: str, other: str, language: str) -> bool:
    """Return whether two words with one stem are inflections of one word, not derived from it.

    Where no endings are known of a language, one stem is enough.
    """
    endings = ENDINGS.get(language.partition("-")[0])
    if endings is None:
        return True
    one, two = (_ELISION.sub("", as_written(each)) for each in (word, other))
    if language.startswith("en"):
        one, two = one_spelling(one), one_spelling(two)
    shorter = min(len(one), len(two))
    at = next((place for place in range(shorter) if one[place] != two[place]), shorter)
    # A consonant may be doubled before an ending: run, running.
    return all(
        not rest or rest in endings or (rest[0] == one[:at][-1:] and rest[1:] in endings)
        for rest in (one[at:], two[at:])
    )


STOP_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a an and are as at be been but by for from had has have how if in into is its nor "
        "not of on or so such than that the their then there these they this those to was were "
        "what when where which why with about any can could did do does he i it me my our she "
        "should some us we who whose will would you your",
        "ar": "في من على الى عن مع هذا هذه ذلك التي الذي او ان لا ما هو هي كما بين بعد قبل حول ضد",
        "de": "als am an auf aus bei das dem den der des die durch ein eine einem einen einer für "
        "gegen im in ist mit nach nicht oder sich sind über um und unter vom von vor wie zu zum "
        "zur",
        "es": "a al como con contra de del desde e el en entre es esta este la las lo los más no "
        "o para por que se según ser sin sobre son su sus un una unas unos y",
        "fr": "à au aux avec ce ces cette comme contre dans de des du elle en entre est et il la "
        "le les leur leurs mais ne ou où par pas plus pour qu que qui sa se ses son sont sous sur "
        "un une",
        "it": "a ai al alla alle che con contro da dal dalla dei del della delle di e gli i il in "
        "la le lo nel nella o per si sono sui sul sulla tra un una",
        "pt": "a ao aos as com como contra da das de do dos e em entre na nas no nos o os ou para "
        "pela pelo por que se sobre um uma",
        "ru": "а без в во для до и из или к как на не о об от по под при про с со что это",
    }.items()
}
"""Words that say how others hang together, or only that something is asked, as they are
written, not folded. In capitals, WHO and IT are names: whoever reads a query sees to that."""

_FOLDED_STOP_WORDS = {
    language: frozenset(map(as_written, words)) for language, words in STOP_WORDS.items()
}


EVERY_STOP_WORD = frozenset().union(*_FOLDED_STOP_WORDS.values())
"""The stop words of all languages, folded."""


_QUESTION_STARTS = frozenset(
    as_written(word)
    for word in (
        "how what which where who whom whose why when is are was were can could do does did should "
        "will would "
        "comment que quoi quel quelle quels quelles où ou qui pourquoi quand combien est existe "
        "cómo como qué cuál cuáles dónde donde quién quiénes por cuándo cuánto existe hay "
        "как что какой какая какое какие где кто почему зачем когда сколько "
        "كيف ما ماذا أين من لماذا متى هل أي كم"
    ).split()
)
"""Words that a question begins with, in five languages; Chinese does not separate words."""

_QUESTION_WORDS = frozenset(
    as_written(word)
    for word in (
        "tell know find get give show explain say need want look looking please anyone someone "
        "somebody anything something there may might must shall am being happen happens happened "
        "mean means meant called best way ways "
        "savoir trouver obtenir donner montrer expliquer dire faire faut peut peux puis dois doit "
        "existe quelqu'un façon je tu on nous vous "
        "saber encontrar obtener dar mostrar explicar decir hacer puedo puede debo debe existe hay "
        "alguien "
        "узнать найти получить дать показать объяснить сказать сделать можно нужно надо есть я мне "
        "мы "
        "أعرف أجد أحصل أريد يمكن يمكنني توجد يوجد"
    ).split()
)
_QUESTION_ENDS = ("?", "؟", "？")
_ASKED = frozenset({"me", "us"})
"""A verb before one of these asks for something: *show me*, *tell us*."""


def is_question(words: Sequence[str]) -> bool:
    """Return whether typed words ask something: by their first word, or by a question mark."""
    if len(words) < 2:
        return False
    first = as_written(words[0].strip("¿¡"))
    if first in _QUESTION_STARTS or words[-1].endswith(_QUESTION_ENDS):
        return True
    return as_written(words[1].strip("¿¡")) in _ASKED and carries_question(first)


def carries_question(word: str) -> bool:
    """Return whether a word of a question says that something is asked, and not what about."""
    written = as_written(word)
    return written in _QUESTION_WORDS or written in _QUESTION_STARTS


def stop_words(language: str) -> frozenset[str]:
    """The stop words of a language, folded; none where none are known."""
    return _FOLDED_STOP_WORDS.get(language.partition("-")[0], frozenset())
