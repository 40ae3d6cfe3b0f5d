"""The data model of a catalogue: its fields, records, and thesaurus."""
