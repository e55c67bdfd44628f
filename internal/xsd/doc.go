// Package xsd makes XML of a tree by an XML schema: it puts what the tree holds into the schema's order, as
// elements and attributes, and tells everything that the schema refuses.
//
// Checked are: names of elements and attributes, what is required and how often, choices, and of values the
// enumerations, patterns and lengths, and whether a number is one. Not checked are identity constraints, what stands in other
// files (xs:include, xs:import), substitution groups, and the finer facets of numbers; who takes the XML checks
// it anew. An element that the schema gives no type is written as it comes.
//
// In a tree a map is an element's content, a list the repetitions of an element, and anything else a value; the
// key "_" is the text of an element that has attributes too.
package xsd
