/** Catalogs out of a folder of YAML files, and the YAML dialect itself. */
@NullMarked
package io.sluice.sync.file;

import org.jspecify.annotations.NullMarked;
