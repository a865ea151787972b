/** Certificates and keys by name, from the stream or from allowed files, and the TLS that is made of them. */
@NullMarked
package io.sluice.gateway.secret;

import org.jspecify.annotations.NullMarked;
