/**
 * Models by name: {@code Hub} finds them in the local cache of the Hugging Face hub or fetches them
 * into it. {@code HubClient} speaks HTTP, {@code Download} resumes and checks one file, {@code
 * HubCache} lays files out as the hub's own tools do, {@code ModelFiles} says which files a model
 * needs. Whatever a server answers is checked before it names a file, a size or an address.
 */
@NullMarked
package org.bitnetj.hub;

import org.jspecify.annotations.NullMarked;
