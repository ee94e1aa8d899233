/** Machine code without a compiler: static ELF programs of a page, for x86-64. */
package org.jfutex.cli.elf;
