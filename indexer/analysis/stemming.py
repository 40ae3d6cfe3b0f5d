"""Language rules: stemmers, stop words, English spelling variants, and words of questions.

The stemmers are Snowball's. An English word is first normalized where a stemmer fails: British
and American spelling (labour, labor) and irregular plurals (children, child).
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import Stemmer

from indexer import toml
from indexer.analysis.cleaning import fold, remove_ignorable, surface_form

_SNOWBALL = "ar ca da de el en es et eu fi fr ga hi hu hy id it lt ne nl no pt ro ru sr sv ta tr yi"
_ALGORITHMS = {code: code for code in _SNOWBALL.split()} | {"nb": "no", "nn": "no"}
"""Snowball's code of each language with a stemmer (ISO 639-1). Words of others are only folded."""
_SCRIPTS = ((re.compile("[\u0600-\u06ff]"), "ar"), (re.compile("[\u0400-\u04ff]"), "ru"))
"""The language in which a word of a script is read, whatever the language of the text."""
OTHER_SCRIPTS = frozenset({"ar", "el", "fa", "he", "hi", "ja", "ko", "ru", "uk", "zh"})
"""Languages that are not written in the Latin script."""

_WORDS = toml.load_resource(__package__, "words.toml", dict[str, dict[str, str]])
ENDINGS = {language: frozenset(text.split()) for language, text in _WORDS["endings"].items()}
"""Folded inflectional endings, by language. A stemmer also removes derivational endings: it gives
*legislators* and *legislation* one stem."""
STOP_WORDS = {language: frozenset(text.split()) for language, text in _WORDS["stop"].items()}
"""Function words and question words by language, lower case and not folded. In capitals, WHO and
IT are names; the query parser handles that."""
_FOLDED_STOP_WORDS = {
    language: frozenset(map(surface_form, words)) for language, words in STOP_WORDS.items()
}
ALL_STOP_WORDS = frozenset().union(*_FOLDED_STOP_WORDS.values())
"""The stop words of all languages, folded."""
_QUESTION_STARTS, _QUESTION_WORDS = (
    frozenset(map(surface_form, " ".join(_WORDS[part].values()).split()))
    for part in ("question_starts", "question_words")
)
"""The first words of a question, and other words that only phrase one, folded."""

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
"""Spelling variants and irregular plurals, as (regular expression, replacement). The result need
not be a word: `raize` and `rize` are harmless because all their variants become the same."""
_SPELLING_RULES = tuple((re.compile(pattern), form) for pattern, form in _SPELLINGS)
# Most words have one spelling. One search rules them out faster than one search per expression.
_HAS_VARIANT = re.compile("|".join(pattern for pattern, _ in _SPELLINGS))


@cache
def _load_stemmer(language: str) -> Stemmer.Stemmer | None:
    algorithm = _ALGORITHMS.get(language.partition("-")[0])
    # Turn off the cache of PyStemmer, which keeps words of any length. `_StemCache` is the cache.
    return Stemmer.Stemmer(algorithm, 0) if algorithm else None


def _choose_language(word: str, language: str) -> str:
    """Return the language to stem a word in: that of its script if known, or of the text."""
    if word.isascii():
        return language
    return next((name for script, name in _SCRIPTS if script.search(word)), language)


def may_contain(language: str, word: str) -> bool:
    """Return whether a word is written in the script of a language."""
    if word.isascii():
        return language not in OTHER_SCRIPTS
    return _choose_language(word, language) == language


_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|dell|all|dall|nell|sull|un)'(?=.)")
_ELIDING = ("ca", "fr", "it")
"""Languages that join an article to its noun: l'exploitation."""
MAX_CACHED_CHARS, MAX_CACHED_STEMS = 40, 50_000
"""The cache has at most 50,000 stems per language, of words of at most 40 characters. Otherwise
a text of long words could fill the memory."""


def stem(word: str, language: str) -> str:
    """Return the folded stem of a word. Stemmers need accents, so only English is folded before."""
    return _get_cache(language)[word]


def stem_words(words: Iterable[str], language: str) -> list[str]:
    """Return the stem of each word, in order."""
    return list(map(_get_cache(language).__getitem__, words))


class _StemCache(dict[str, str]):
    """The cached stems of one language, by word. A dict, so that a hit calls no Python function."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, word: str) -> str:
        lowered = word.lower()
        # English is folded before stemming, so the stem does not depend on case.
        has_same_stem = lowered != word and word.isascii() and self._language.startswith("en")
        stem = self[lowered] if has_same_stem else compute_stem(word, self._language)
        if len(word) <= MAX_CACHED_CHARS:
            if len(self) >= MAX_CACHED_STEMS:
                self.clear()
            self[word] = stem
        return stem


_get_cache = lru_cache(maxsize=64)(_StemCache)


def compute_stem(word: str, language: str) -> str:
    """Return the stem of a word without caching it, for long lists of words stemmed once."""
    word = remove_ignorable(word)
    stem_language = _choose_language(word, language)
    stemmer = _load_stemmer(stem_language)
    if stemmer is None:
        return surface_form(word)
    if stem_language.startswith("en"):
        return str(stemmer.stemWord(normalize_spelling(surface_form(word))))
    lowered = word.casefold().replace("’", "'")
    if stem_language.startswith(_ELIDING):
        lowered = _ELISION.sub("", lowered)
    return fold(stemmer.stemWord(lowered))


def normalize_spelling(surface: str) -> str:
    """Return a folded English word in its normalized spelling."""
    if not _HAS_VARIANT.search(surface):
        return surface
    for pattern, replacement in _SPELLING_RULES:
        surface, changed = pattern.subn(replacement, surface, count=1)
        if changed:
            break
    return surface


def is_inflection(word: str, other: str, language: str) -> bool:
    """Return whether two words with the same stem are inflections of one word.

    Derivations are not. Without known endings for the language, return True.
    """
    endings = ENDINGS.get(language.partition("-")[0])
    if endings is None:
        return True
    first, second = (_ELISION.sub("", surface_form(text)) for text in (word, other))
    if language.startswith("en"):
        first, second = normalize_spelling(first), normalize_spelling(second)
    shorter = min(len(first), len(second))
    common = next((index for index in range(shorter) if first[index] != second[index]), shorter)
    # A consonant may double before an ending: run, running.
    return all(
        not rest or rest in endings or (rest[0] == first[:common][-1:] and rest[1:] in endings)
        for rest in (first[common:], second[common:])
    )


_QUESTION_ENDS = ("?", "؟", "？")
_ASKED = frozenset({"me", "us"})
"""Folded pronouns that make a preceding verb a request: *show me*, *tell us*."""


def is_question(words: Sequence[str]) -> bool:
    """Return whether typed words are a question, by the first words or the question mark."""
    if len(words) < 2:
        return False
    first = surface_form(words[0].strip("¿¡"))
    if first in _QUESTION_STARTS or words[-1].endswith(_QUESTION_ENDS):
        return True
    return surface_form(words[1].strip("¿¡")) in _ASKED and is_question_word(first)


def is_question_word(word: str) -> bool:
    """Return whether a word only phrases a question, and is not part of its topic."""
    surface = surface_form(word)
    return surface in _QUESTION_WORDS or surface in _QUESTION_STARTS


def get_stop_words(language: str) -> frozenset[str]:
    """Return the folded stop words of a language, or an empty set if none are known."""
    return _FOLDED_STOP_WORDS.get(language.partition("-")[0], frozenset())
