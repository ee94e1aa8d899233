/** What several processes share in mapped files, written by Java or by other languages. */
package org.jfutex.shm;
