/** Descriptors, decisions and the limit engine over Bucket4j on Hazelcast. */
@NullMarked
package io.sluice.gateway.ratelimit;

import org.jspecify.annotations.NullMarked;
