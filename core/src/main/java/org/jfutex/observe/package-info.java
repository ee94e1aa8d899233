/** Looking at the engine from outside: who waits where, since when, in which order. */
package org.jfutex.observe;
