package io.sluice.sync.file;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The documents of a source by name. One that cannot be read any more stands for what it last said. Not thread safe. */
public final class DocumentSet {
    private final DocumentParser parser;
    private final Map<String, Document> documents = new TreeMap<>();
    private final Map<String, String> texts = new HashMap<>();

    public DocumentSet(DocumentParser parser) {
        this.parser = parser;
    }

    /** Reads a document anew, if its text is another one. */
    public void put(String name, String text) {
        if (!text.equals(texts.put(name, text))) {
            take(parser.parse(name, text));
        }
    }

    /** A document that is there and whose text cannot be had, because of {@code reason}. */
    public void refuse(Place place, String reason, String expected) {
        texts.remove(place.document());
        take(Document.unreadable(place.document(), place.problem(reason, expected)));
    }

    /** All others are gone. */
    public void retainAll(Set<String> names) {
        documents.keySet().retainAll(names);
        texts.keySet().retainAll(names);
    }

    /** Sorted by name. */
    public Collection<Document> documents() {
        return List.copyOf(new ArrayList<>(documents.values()));
    }

    private void take(Document document) {
        Document last = documents.get(document.name());
        documents.put(
                document.name(),
                document.readable() || last == null || !last.readable()
                        ? document
                        : last.withProblems(document.problems()));
    }
}
