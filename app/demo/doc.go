// Package demo plays the bridge against the sandbox: the unchanged app on loopback, a simulated portal,
// authorization server and Реестро, and scenarios that prove the main job from end to end. `bridge demo`
// shows them to a person, `bridge demo --once` and the tests play every one.
package demo
