/** Applications of others behind links, driven by their usual clients. */
@org.jspecify.annotations.NullMarked
package dev.autodeploy.applications;
