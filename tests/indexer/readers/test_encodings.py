"""Text in UTF-8, UTF-16, Windows-1252, and older encodings is decoded."""

import pytest

from indexer.readers.text.encodings import decode_file, guess_encoding

TEXTS = {
    "cp1251 koi8-r cp866 iso8859-5": "Солевые дороги и реки Севера; Мосс, Анна",
    "cp1251 koi8-u": "Шляхи солі в Україні та їхня історія; Шевченко, Їжак",
    "cp1253 iso8859-7": "Οι δρόμοι του αλατιού; Παπαδόπουλος, Γιώργος",
    "cp1255": "דרכי המלח והנהרות; כהן, דוד",
    "cp1256": "طرق الملح وأنهار الشمال; محمد، أحمد",
    "cp874": "เส้นทางเกลือและแม่น้ำ; สมชาย",
    "gb18030": "盐的道路与河流的研究; 王小明",
    "big5": "鹽的道路與河流的研究; 王小明",
    "cp932 euc-jp": "塩の道と川についての研究; 田中太郎",
    "cp949": "소금길과 강에 대한 연구; 김철수",
    "cp1250 iso8859-2": "Dějiny solných stezek a řek v Čechách; Dvořák, Jiří",
    "cp1250": "Źródła do dziejów handlu solą; Wójcik, Łukasz",
    "cp1254 iso8859-9": "Tuz yolları ve kuzey ırmakları; Yılmaz, Gül Şükrü",
    "cp1257": "Druskos keliai ir šiaurės upės: šaltinių apžvalga; Žukauskas",
    "cp1252 utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32": "Öl “für” Ähren – Größe; Åse Lind",
}
SAMPLES = [(encoding, text) for encodings, text in TEXTS.items() for encoding in encodings.split()]


def make_records(text: str, count: int = 30) -> str:
    """Return records in which each line of ASCII is followed by a title and an author."""
    title, _, author = text.partition("; ")
    return f"TY  - JOUR\nAU  - {author}\nTI  - {title}\nPB  - Fjord Press\nER  -\n" * count


@pytest.mark.parametrize(("encoding", "text"), SAMPLES)
def test_an_encoding_is_recognized(encoding: str, text: str) -> None:
    records = make_records(text)
    assert decode_file(records.encode(encoding), "file") == (records, None)


@pytest.mark.parametrize("encoding", ["cp1251", "gb18030", "cp932", "euc-jp", "big5", "utf-16"])
@pytest.mark.parametrize("bad", [b"\xff", b"\x98", b"\x80"])
def test_a_bad_byte_does_not_hide_the_encoding(encoding: str, bad: bytes) -> None:
    text = next(text for names, text in TEXTS.items() if encoding in names.split())
    half, records = make_records(text, 15).encode(encoding), make_records(text)
    decoded, _ = decode_file(half + (bad * 2 if encoding == "utf-16" else bad) + half, "file")
    assert decoded[: len(records) // 2 - 9] == records[: len(records) // 2 - 9]


@pytest.mark.parametrize(
    "text",
    [
        "naïve", "größe", "50°C ± 2", "© 2010 Fjord Press", "The author’s “rights” – a café",
        make_records("Salt roads – a history; Müller, Jörg", 1),
        "".join(make_records(f"A “handbook”; {name}", 3) for name in (
            "García, José", "Núñez, Íñigo", "François, Renée", "Øystein, Åse", "Gonçalves, João",
            "Lefèvre, Hélène", "Grün, Süß", "Hämäläinen, Väinö", "Þór, Jón",
        )),
    ],
)  # fmt: skip
def test_western_text_is_windows_1252(text: str) -> None:
    assert guess_encoding(text.encode("cp1252")) is None
