package page

import "html/template"

// icons are drawn for a square of 24, as strokes of the text's colour.
func drawings() map[string]string {
	return map[string]string{
		"copy":     `<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15H4V6a2 2 0 0 1 2-2h9v1"/>`,
		"check":    `<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
		"alert":    `<path d="M12 4 2.8 20h18.4z"/><path d="M12 10v4.5M12 17.4v.1"/>`,
		"clock":    `<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.2 2"/>`,
		"file":     `<path d="M6 3h8l4 4v14H6z"/><path d="M14 3v4h4"/>`,
		"download": `<path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14"/>`,
		"up":       `<path d="M12 20V9m-4.5 4.5L12 9l4.5 4.5M5 4h14"/>`,
		"retry":    `<path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3M19.5 3.5v4h-4"/>`,
		"close":    `<path d="m6 6 12 12M18 6 6 18"/>`,
		"ruble":    `<path d="M8 20V4h5.2a4.3 4.3 0 0 1 0 8.6H6M6 16.4h7"/>`,
		"pen":      `<path d="m4 20 1-4.5L16 4.5l3.5 3.5L8.5 19z"/>`,
		"link":     `<path d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.4l-3 3A4 4 0 0 0 10.7 18.300l1-1"/>`,
		"info":     `<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.500M12 7.600v.1"/>`,
		"plus":     `<path d="M12 5v14M5 12h14"/>`,
		"eye":      `<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>`,
		"gear":     `<circle cx="12" cy="12" r="3"/><path d="M12 3v3m0 12v3M3 12h3m12 0h3M5.6 5.600l2.1 2.100m8.6 8.6 2.1 2.100m0-12.8-2.1 2.100m-8.6 8.6-2.1 2.1"/>`,
	}
}

// icon is a picture beside a text that says the same; readers of the screen pass it over.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + drawings()[name] + `</svg>`)
}
