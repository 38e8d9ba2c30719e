/**
 * Directories, files and locks that no other user of this machine can read, replace or hold. Not
 * API.
 *
 * <p>{@code TrustedPath} checks a path as ssh does, {@code PrivateDirectory} makes and deletes
 * files of ours in directories that carry our marker, {@code LockFile} is the lock of one process.
 * Registry, logs, locks and state all stand on these three.
 */
@NullMarked
package dev.autodeploy.internal.files;

import org.jspecify.annotations.NullMarked;
