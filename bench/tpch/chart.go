package tpch

import (
	"encoding/xml"
	"fmt"
	"io"
)

// Measures of the chart in pixels.
const (
	chartWidth  = 760
	chartLeft   = 60  // where bars begin: room for the query's name
	chartRight  = 150 // room for a bar's label
	chartTop    = 70  // room for the title and the legend
	barHeight   = 12
	groupMargin = 8
)

// chartColors are the colours of us and of the peers in turn; they differ for readers who cannot tell red from green.
var chartColors = []string{"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9"}

type svgRect struct {
	XMLName xml.Name `xml:"rect"`
	X       float64  `xml:"x,attr"`
	Y       float64  `xml:"y,attr"`
	Width   float64  `xml:"width,attr"`
	Height  float64  `xml:"height,attr"`
	Fill    string   `xml:"fill,attr"`
}

type svgText struct {
	XMLName xml.Name `xml:"text"`
	X       float64  `xml:"x,attr"`
	Y       float64  `xml:"y,attr"`
	Size    int      `xml:"font-size,attr"`
	Anchor  string   `xml:"text-anchor,attr,omitempty"`
	Text    string   `xml:",chardata"`
}

type svgRoot struct {
	XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
	Width   int      `xml:"width,attr"`
	Height  int      `xml:"height,attr"`
	ViewBox string   `xml:"viewBox,attr"`
	Font    string   `xml:"font-family,attr"`
	Role    string   `xml:"role,attr"`
	Label   string   `xml:"aria-label,attr"`
	Parts   []any
}

// WriteChart draws a report as SVG: for each query a bar of each engine's best time, labelled with the seconds and with our time divided by the peer's.
func WriteChart(w io.Writer, r *Report) error {
	engines := []string{"Polybolos"}
	if r.Comparison != nil {
		for _, p := range r.Peers {
			engines = append(engines, p.Name+" "+p.Version)
		}
	}
	group := len(engines)*barHeight + groupMargin
	height := chartTop + len(r.Queries)*group + groupMargin
	title := fmt.Sprintf("TPC-H-derived queries at scale factor %g, seconds (less is better)", r.ScaleFactor)
	svg := svgRoot{
		Width: chartWidth, Height: height, ViewBox: fmt.Sprintf("0 0 %d %d", chartWidth, height), Font: "sans-serif", Role: "img", Label: title,
		Parts: []any{
			svgRect{Width: chartWidth, Height: float64(height), Fill: "#ffffff"},
			svgText{X: groupMargin, Y: 22, Size: 15, Text: title},
		},
	}
	for i, name := range engines {
		x := float64(chartLeft + i*(chartWidth-chartLeft)/len(engines))
		svg.Parts = append(svg.Parts,
			svgRect{X: x, Y: 38, Width: barHeight, Height: barHeight, Fill: chartColors[i%len(chartColors)]},
			svgText{X: x + barHeight + 5, Y: 38 + barHeight - 1, Size: 12, Text: name})
	}
	scale := (chartWidth - chartLeft - chartRight) / max(r.longest(), 1e-9)
	for k, q := range r.Queries {
		y := float64(chartTop + k*group)
		svg.Parts = append(svg.Parts, svgText{
			X: chartLeft - 8, Y: y + float64(group-groupMargin)/2 + 4, Size: 12, Anchor: "end", Text: fmt.Sprintf("Q%d", q.Query)})
		bar := func(i int, seconds float64, label string) {
			top := y + float64(i*barHeight)
			svg.Parts = append(svg.Parts,
				svgRect{X: chartLeft, Y: top, Width: seconds * scale, Height: barHeight - 2, Fill: chartColors[i%len(chartColors)]},
				svgText{X: chartLeft + seconds*scale + 5, Y: top + barHeight - 3, Size: 10, Text: label})
		}
		if q.Error != "" {
			bar(0, q.Seconds, "failed")
		} else {
			bar(0, q.Seconds, fmt.Sprintf("%.3f", q.Seconds))
		}
		if r.Comparison == nil {
			continue
		}
		for i, p := range r.Peers {
			if t := p.Queries[k]; t.PeerError != "" {
				bar(i+1, t.PeerSeconds, "failed")
			} else {
				bar(i+1, t.PeerSeconds, fmt.Sprintf("%.3f  (ratio %.2f)", t.PeerSeconds, t.Ratio))
			}
		}
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", " ")
	if err := encoder.Encode(svg); err != nil {
		return fmt.Errorf("write the chart: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// longest is the greatest best time of any engine.
func (r *Report) longest() float64 {
	longest := 0.0
	for _, q := range r.Queries {
		longest = max(longest, q.Seconds)
	}
	if r.Comparison != nil {
		for _, p := range r.Peers {
			for _, q := range p.Queries {
				longest = max(longest, q.PeerSeconds)
			}
		}
	}
	return longest
}
