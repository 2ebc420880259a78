/** Somebody's application, with all that Switchboard has too. */
package host;
