"""Names of persons and corporate bodies are parsed in the forms that occur in catalogues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.values import names


@pytest.mark.parametrize(
    ("text", "normalized", "display"),
    [
        *((text, "Okafor, Ada", "Ada Okafor") for text in (
            "Okafor, Ada", "Ada Okafor", "Okafor, Ada (57201930200)", "Okafor, Ada [person]",
            "Ada Okafor 0002", "Okafor, Ada, 1964-", "Okafor, Ada, 1901-1980.", "Okafor, Ada.",
            "{Okafor}, {Ada}", "[Okafor, Ada]", "Okafor, Ada (ed.)",
        )),
        ("Okafor AB", "Okafor, AB", "AB Okafor"), ("OKAFOR A", "OKAFOR, A", "A OKAFOR"),
        ("Okafor A. B.", "Okafor, A. B.", "A. B. Okafor"),
        ("Okafor, A. B.", "Okafor, A. B.", "A. B. Okafor"),
        ("AN Okafor Lind", "Okafor Lind, AN", "AN Okafor Lind"),
        ("Ada N. Okafor", "Okafor, Ada N.", "Ada N. Okafor"),
        ("Jan van der Berg", "van der Berg, Jan", "Jan van der Berg"),
        ("Berg, Jan, Jr.", "Berg, Jan, Jr.", "Jan Berg, Jr."),
        ("Jan Berg III", "Berg, Jan, III", "Jan Berg, III"),
        ("Jr., Jr.", "{Jr., Jr.}", "Jr., Jr."), ("Gruppe, II", "{Gruppe, II}", "Gruppe, II"),
        ("Hypatia", "Hypatia", "Hypatia"), ("习近平", "习近平", "习近平"),
        ("王, 小明", "王, 小明", "王小明"), ("김, 철수", "김, 철수", "김철수"),
        ("الحسن، علي", "الحسن, علي", "علي الحسن"),
        ("Salt Roads,, Vienna", "{Salt Roads, Vienna}", "Salt Roads, Vienna"),
        # Nothing is guessed of a name in braces. It keeps them where its text would be misread.
        ("{UN. ECWA}", "{UN. ECWA}", "UN. ECWA"),
        ("{Okafor, Berg and Partners}", "{Okafor, Berg and Partners}", "Okafor, Berg and Partners"),
        ("{United Nations}", "United Nations", "United Nations"), ("{826}", "{826}", "826"),
        ("{Salt Guild,}", "{Salt Guild}", "Salt Guild"),
        ("{Press}, {Ada}, {Jr.}", "{Press}, {Ada}, {Jr.}", "Ada Press, Jr."),
        ("{Okafor}, {Ada, Jr.}", "Okafor, Ada, Jr.", "Ada Okafor, Jr."),
        ("{}Press, Ada, 1950-", "{Press}, {Ada}", "Ada Press"),
        ("{}Ada Press", "{Press}, {Ada}", "Ada Press"),
    ],
)  # fmt: skip
def test_a_name_is_read_in_any_form(text: str, normalized: str, display: str) -> None:
    name = names.parse(text)
    assert name
    assert (str(name), name.display) == (normalized, display)


@pytest.mark.parametrize(
    ("normalized", "text"),
    [
        ("Okafor, Ada", "Ada Okafor, Ada"), ("Berg, Jan, Jr.", "Jan Berg, Jan, Jr."),
        ("Hypatia", "Hypatia"), ("王, 小明", "王小明 王, 小明"),
        ("{Okafor, Berg and Partners}", "Okafor, Berg and Partners"),
    ],
)  # fmt: skip
def test_a_name_is_searched_in_both_orders(normalized: str, text: str) -> None:
    assert names.read(normalized).search_text == text


@pytest.mark.parametrize(
    "text",
    [
        "United Nations Office on Drugs and Crime", "Ministry of Health, Kenya",
        "Smith & Sons, Inc", "World Bank Group", "Comité de suivi", "Working Party 4",
        "A Name Of Far Too Many Words Here", "Naciones Unidas", "Bundesamt Wien",
        "Организация Объединенных Наций", "Fondazione Sale",
        "Agência do Sal, Lisboa", "FAO, Rome", "UN Women", "منظمة الملح، جنيف",
    ],
)  # fmt: skip
def test_a_corporate_or_ambiguous_name_stays_whole(text: str) -> None:
    name = names.parse(text)
    assert name
    assert name.literal == name.display == text


@pytest.mark.parametrize(
    "text", ["", "  ", "--", "1964-", "{}", ", ;", "[No author name available]", "et al."]
)
def test_a_text_without_a_name_is_not_a_name(text: str) -> None:
    assert names.parse(text) is None


_PARTS = st.text(alphabet="abA. ,;{}'-1[]Bank and Jr.王", max_size=20)


@given(
    st.text(max_size=60) | _PARTS | st.lists(_PARTS.map("{{{}}}".format), max_size=3).map(", ".join)
    | _PARTS.map("{{}}{}".format)
)  # fmt: skip
def test_a_normalized_name_is_read_back(text: str) -> None:
    if name := names.parse(text):
        assert names.parse(str(name)) == names.read(str(name)) == name
