"""Forms: how a catalogue is written, in the API and in the TOML file alike."""
