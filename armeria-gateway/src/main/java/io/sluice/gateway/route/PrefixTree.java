package io.sluice.gateway.route;

import java.util.Arrays;
import java.util.function.Consumer;

/** Ascending lists of numbers by prefix; a look-up visits the lists of all prefixes of a text in one walk. Built first, then only read. */
final class PrefixTree {
    private static final int[] NONE = {};

    private char[] letters = {};
    private PrefixTree[] children = {};
    private int[] here = NONE;

    void add(String prefix, int number) {
        PrefixTree node = this;
        for (int i = 0; i < prefix.length(); i++) {
            node = node.child(prefix.charAt(i));
        }
        node.here = Arrays.copyOf(node.here, node.here.length + 1);
        node.here[node.here.length - 1] = number;
    }

    private PrefixTree child(char letter) {
        int at = Arrays.binarySearch(letters, letter);
        if (at >= 0) {
            return children[at];
        }
        int insert = -at - 1;
        char[] moreLetters = new char[letters.length + 1];
        PrefixTree[] moreChildren = new PrefixTree[children.length + 1];
        System.arraycopy(letters, 0, moreLetters, 0, insert);
        System.arraycopy(letters, insert, moreLetters, insert + 1, letters.length - insert);
        System.arraycopy(children, 0, moreChildren, 0, insert);
        System.arraycopy(children, insert, moreChildren, insert + 1, children.length - insert);
        moreLetters[insert] = letter;
        moreChildren[insert] = new PrefixTree();
        letters = moreLetters;
        children = moreChildren;
        return moreChildren[insert];
    }

    void visit(String text, Consumer<int[]> visitor) {
        PrefixTree node = this;
        for (int i = 0; ; i++) {
            if (node.here.length > 0) {
                visitor.accept(node.here);
            }
            if (i == text.length()) {
                return;
            }
            int at = Arrays.binarySearch(node.letters, text.charAt(i));
            if (at < 0) {
                return;
            }
            node = node.children[at];
        }
    }
}
