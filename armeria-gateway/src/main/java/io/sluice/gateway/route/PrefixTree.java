package io.sluice.gateway.route;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Ascending lists of numbers by prefix; a look-up visits the lists of all prefixes of a text in one walk, a step for each place where prefixes
 * part. Built first, then only read.
 */
final class PrefixTree {
    private static final int[] NONE = {};

    /** What leads here from the node above. */
    private final String label;

    /** The first letters of the children's labels, ascending. */
    private char[] letters = {};

    private PrefixTree[] children = {};
    private int[] here = NONE;

    PrefixTree() {
        this("");
    }

    private PrefixTree(String label) {
        this.label = label;
    }

    void add(String prefix, int number) {
        PrefixTree node = this;
        int at = 0;
        while (at < prefix.length()) {
            int place = Arrays.binarySearch(node.letters, prefix.charAt(at));
            if (place < 0) {
                PrefixTree leaf = new PrefixTree(prefix.substring(at));
                node.insert(-place - 1, leaf);
                node = leaf;
                break;
            }
            PrefixTree child = node.children[place];
            int shared = shared(child.label, prefix, at);
            if (shared < child.label.length()) {
                child = child.below(shared);
                node.children[place] = child;
            }
            node = child;
            at += shared;
        }
        node.here = Arrays.copyOf(node.here, node.here.length + 1);
        node.here[node.here.length - 1] = number;
    }

    /** How many letters of the label the text has from there on. */
    private static int shared(String label, String text, int from) {
        int most = Math.min(label.length(), text.length() - from);
        int count = 0;
        while (count < most && label.charAt(count) == text.charAt(from + count)) {
            count++;
        }
        return count;
    }

    /** A node in this one's place for the first letters of its label, with the rest of it below. */
    private PrefixTree below(int length) {
        PrefixTree upper = new PrefixTree(label.substring(0, length));
        PrefixTree rest = new PrefixTree(label.substring(length));
        rest.letters = letters;
        rest.children = children;
        rest.here = here;
        upper.insert(0, rest);
        return upper;
    }

    private void insert(int place, PrefixTree child) {
        char[] moreLetters = new char[letters.length + 1];
        PrefixTree[] moreChildren = new PrefixTree[children.length + 1];
        System.arraycopy(letters, 0, moreLetters, 0, place);
        System.arraycopy(letters, place, moreLetters, place + 1, letters.length - place);
        System.arraycopy(children, 0, moreChildren, 0, place);
        System.arraycopy(children, place, moreChildren, place + 1, children.length - place);
        moreLetters[place] = child.label.charAt(0);
        moreChildren[place] = child;
        letters = moreLetters;
        children = moreChildren;
    }

    void visit(String text, Consumer<int[]> visitor) {
        PrefixTree node = this;
        int at = 0;
        while (true) {
            if (node.here.length > 0) {
                visitor.accept(node.here);
            }
            if (at == text.length()) {
                return;
            }
            int place = Arrays.binarySearch(node.letters, text.charAt(at));
            if (place < 0) {
                return;
            }
            node = node.children[place];
            if (!text.startsWith(node.label, at)) {
                return;
            }
            at += node.label.length();
        }
    }
}
