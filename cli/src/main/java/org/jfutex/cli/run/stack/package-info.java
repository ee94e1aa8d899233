/**
 * User stacks of threads of other processes, as far as they can be had without stopping them:
 * return addresses found on the stack, named from the symbol tables of what is mapped there. All
 * that is read here was written by the supervised program and may be hostile.
 */
package org.jfutex.cli.run.stack;
