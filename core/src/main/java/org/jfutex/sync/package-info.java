/** Locks made from futexes: each lives in a word, and works on either backend by the same code. */
package org.jfutex.sync;
