package io.sluice.xdsserver.stream;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** Whether a resource says a name anywhere, in whatever message it has inside. It may mean something else by it; it cannot be missed. */
final class Mentions {
    private Mentions() {}

    static boolean any(Any body, Set<String> names) {
        String bytes = body.getValue().toString(StandardCharsets.ISO_8859_1);
        return names.stream().anyMatch(name -> bytes.contains(asWritten(name)));
    }

    /** As every string stands in a message: its length, then its bytes. */
    private static String asWritten(String name) {
        ByteString.Output out = ByteString.newOutput();
        CodedOutputStream coded = CodedOutputStream.newInstance(out);
        try {
            coded.writeStringNoTag(name);
            coded.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteString().toString(StandardCharsets.ISO_8859_1);
    }
}
