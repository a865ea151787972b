package io.sluice.sync.file;

/** Something that was read, and where it stands. */
public record Written<T>(T value, Place place) {}
