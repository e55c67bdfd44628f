package bitrix_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

func TestParseForm(t *testing.T) {
	t.Parallel()
	form, err := bitrix.ParseForm([]byte("a=1&data%5BF%5D%5BID%5D=57&data[F][N]=x+y%2B&l[]=p&l[]=q&&empty&m[3]=c&m[2]=b&m[1]=a&gap[1]=a&gap[3]=c"))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "data", "l", "empty", "m", "gap"}, form.Keys())
	require.Equal(t, "1", form.Get("a"))
	require.Equal(t, "57", form.Get("data", "F", "ID"))
	require.Equal(t, "x y+", form.Get("data", "F", "N"))
	require.True(t, form.At("data").IsMap())
	require.False(t, form.At("a").IsMap())
	require.Equal(t, []string{"p", "q"}, form.At("l").Texts())
	require.NotNil(t, form.At("empty"))

	list, isList := form.At("m").List()
	require.True(t, isList, "numbers may start anywhere")
	require.Len(t, list, 3)
	require.Equal(t, []string{"a", "b", "c"}, form.At("m").Texts(), "in the numbers' order")
	_, isList = form.At("gap").List()
	require.False(t, isList, "a gap makes it a map")
	require.Equal(t, []string{"a", "c"}, form.At("gap").Texts())
	_, isList = form.At("a").List()
	require.False(t, isList)
}

func TestNilFormIsEmpty(t *testing.T) {
	t.Parallel()
	var form *bitrix.Form
	require.Empty(t, form.Get("a", "b"))
	require.Nil(t, form.At("a"))
	require.Nil(t, form.Keys())
	require.Nil(t, form.Texts())
	require.False(t, form.IsMap())
	require.Empty(t, form.Encode())
}

func TestAppendedKeysCountOn(t *testing.T) {
	t.Parallel()
	form, err := bitrix.ParseForm([]byte("a[5]=x&a[]=y&a[][b]=1&a[][b]=2"))
	require.NoError(t, err)
	require.Equal(t, []string{"5", "6", "7", "8"}, form.At("a").Keys())
}

func TestParseFormRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"text and map":      "a=1&a[b]=2",
		"map and text":      "a[b]=2&a=1",
		"deep conflict":     "a[b][c]=2&a[b]=1",
		"repeated":          "a=1&a=2",
		"repeated element":  "a[0]=1&a[0]=2",
		"no name":           "=1",
		"bracket first":     "[a]=1",
		"open bracket":      "a[b=1",
		"bracket in name":   "a]b=1",
		"text after":        "a[b]c=1",
		"bracket inside":    "a[b[c]]=1",
		"bad escape":        "a=%zz",
		"bad escaped key":   "%zz=a",
		"broken UTF-8":      "a=%ff",
		"NUL":               "a=%00",
		"too deep":          "a" + strings.Repeat("[b]", 12) + "=1",
		"too long a key":    strings.Repeat("a", 600) + "=1",
		"too many keys":     strings.Repeat("a[]=1&", 5000),
		"too large":         strings.Repeat("a", bitrix.MaxFormBytes+1),
		"quadratic attempt": strings.Repeat("a[b][]=&", 4097),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bitrix.ParseForm([]byte(body))
			require.Error(t, err)
			require.Less(t, len(err.Error()), 300, "the text does not repeat the body")
		})
	}
}

func TestParseFormKeepsNothingOfItsArgument(t *testing.T) {
	t.Parallel()
	body := []byte("key=value&data[ID]=57")
	form, err := bitrix.ParseForm(body)
	require.NoError(t, err)
	for i := range body {
		body[i] = '!'
	}
	require.Equal(t, "value", form.Get("key"))
	require.Equal(t, "57", form.Get("data", "ID"))
}

func FuzzForm(f *testing.F) {
	for _, name := range inboundFiles() {
		f.Add(readInbound(f, name))
	}
	f.Add([]byte("a[]=1&a[]=2&b[5]=x&b[7]=y&c[][d]=1"))
	f.Add([]byte("a=1&a[b]=2"))
	f.Add([]byte("a[1073741824]=x&a[]=y&a[]=z"))
	f.Fuzz(func(t *testing.T, body []byte) {
		form, err := bitrix.ParseForm(body)
		if err != nil {
			return // refusing is fine; a panic or a half-read form is not
		}
		again, err := bitrix.ParseForm(form.Encode())
		require.NoError(t, err)
		require.Equal(t, string(form.Encode()), string(again.Encode()))
		require.Equal(t, form.Texts(), again.Texts())
	})
}
