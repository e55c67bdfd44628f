package streebog_test

import (
	"bytes"
	"encoding/hex"
	"hash"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty/cms/streebog"
)

// igor is the second message of RFC 6986, section 10, in windows-1251: «Се ветри, Стрибожи внуци, веютъ с моря
// стрелами на храбрыя плъкы Игоревы».
const igor = "d1e520e2e5f2f0e82c20d1f2f0e8e1eee6e820e2edf3f6e82c20e2e5fef2fa20f120eceef0ff20f1f2f0e5ebe0ece820ede020f5f0e0e1f0fbff20efebfaeafb20c8e3eef0e5e2fb"

func TestVectors(t *testing.T) {
	t.Parallel()
	second, err := hex.DecodeString(igor)
	require.NoError(t, err)
	carries := slices.Concat(bytes.Repeat([]byte{0xee}, 64), []byte{0x16}, bytes.Repeat([]byte{0x11}, 62), []byte{0x16})
	for name, tc := range map[string]struct {
		message    []byte
		h256, h512 string
	}{
		"RFC 6986, 10.1": {
			[]byte("012345678901234567890123456789012345678901234567890123456789012"),
			"9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500",
			"1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48",
		},
		"RFC 6986, 10.2": {
			second,
			"9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50",
			"1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28",
		},
		"a sum with carries": { // of the Linux kernel's tests of this function
			carries,
			"81bb632fa31fcc38b4c379a662dbc58b9bed83f50d3a1b2ce7271ab02d25babb",
			"8b06f41e59907d9636e892caf5942fcdfb71fa31169a5e70f0edb873664df41c2cce6e06dc6755d15a61cdeb92bd607cc4aaca6732bf3568a23a210dd520fd41",
		},
		"nothing": {
			nil,
			"3f539a213e97c802cc229d474c6aa32a825a360b2a933a949fd925208d9ce1bb",
			"8e945da209aa869f0455928529bcae4679e9873ab707b55315f56ceb98bef0a7362f715528356ee83cda5f2aac4c6ad2ba3a715c1bcd81cb8e9f90bf4c1c1a8a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h256, h512 := streebog.Sum256(tc.message), streebog.Sum512(tc.message)
			require.Equal(t, tc.h256, hex.EncodeToString(h256[:]))
			require.Equal(t, tc.h512, hex.EncodeToString(h512[:]))
		})
	}
}

// TestPieces: it does not matter in which pieces a message is written, nor whether a sum was taken on the way.
func TestPieces(t *testing.T) {
	t.Parallel()
	message := bytes.Repeat([]byte("стрибог"), 60)
	for size := 1; size <= 130; size += 13 {
		for _, h := range []hash.Hash{streebog.New256(), streebog.New512()} {
			want := streebog.Sum512(message)
			whole := want[:]
			if h.Size() == streebog.Size256 {
				short := streebog.Sum256(message)
				whole = short[:]
			}
			for rest := message; len(rest) > 0; rest = rest[min(size, len(rest)):] {
				n, err := h.Write(rest[:min(size, len(rest))])
				require.NoError(t, err)
				require.Equal(t, min(size, len(rest)), n)
				h.Sum(nil)
			}
			require.Equal(t, append([]byte("kept"), whole...), h.Sum([]byte("kept")))
			h.Reset()
			_, _ = h.Write(message)
			require.Equal(t, whole, h.Sum(nil))
			require.Equal(t, streebog.BlockSize, h.BlockSize())
		}
	}
}

func BenchmarkSum256(b *testing.B) {
	data := make([]byte, 1<<20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		streebog.Sum256(data)
	}
}
