/** Certificates as their files say them: read, looked at, watched; keys are never shown. */
@NullMarked
package io.sluice.xdsserver.secret;

import org.jspecify.annotations.NullMarked;
