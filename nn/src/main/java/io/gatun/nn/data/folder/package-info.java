/**
 * Folders of picture files, decoded by the JDK's ImageIO. The only package that needs the module {@code java.desktop};
 * no display is needed.
 */
package io.gatun.nn.data.folder;
