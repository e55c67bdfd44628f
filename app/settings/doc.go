// Package settings is a portal's settings as people write them: connections, triggers, mappings and
// reactions in one YAML file.
//
// Parse reads a whole file and reports everything wrong with it at once, each fault with its line and key;
// Merge fills in what the file leaves to the stored settings (secrets written as ***, sections left out);
// Show prints settings for people, secrets as ***. What an action, a docflow type or an expression is, the
// package is told by a Checker.
package settings
