/** Words for people: is this right, what would it change, is it live. */
@NullMarked
package io.sluice.xdsserver.command;

import org.jspecify.annotations.NullMarked;
