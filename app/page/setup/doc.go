// Package setup is the settings pages: everything that a portal's settings file says, edited by an administrator
// without a text editor, and the first run that leads a new portal through it.
//
// A page never keeps anything of its own. It reads the portal's settings, shows one part of them beside the lists
// that the portal itself gives (funnels, stages, fields, workflows, people), and hands a change back to be checked
// as a whole file would be. What is wrong is shown at the field that it came from; nothing is stored half.
package setup
