"""Samples of XML formats, each with one or a few invented publications."""

from __future__ import annotations

MODS = """<?xml version="1.0" encoding="UTF-8"?>
<modsCollection xmlns="http://www.loc.gov/mods/v3" xmlns:xlink="http://www.w3.org/1999/xlink">
<mods ID="m1" version="3.5">
  <titleInfo><nonSort>The</nonSort><title>Salt Road</title><subTitle>A History</subTitle>
</titleInfo>
  <titleInfo type="translated" lang="fre"><title>La route du sel</title></titleInfo>
  <titleInfo type="alternative"><title>Salt</title><partNumber>2</partNumber></titleInfo>
  <name type="personal"><namePart type="family">Marsh</namePart>
<namePart type="given">Ada</namePart>
    <namePart type="given">B.</namePart><namePart type="date">1950-</namePart>
    <role><roleTerm type="code" authority="marcrelator">aut</roleTerm></role></name>
  <name type="personal"><namePart>Okoro, Ben</namePart>
    <role><roleTerm type="text">Editor</roleTerm></role></name>
  <name type="personal"><namePart>Lind, Eva</namePart>
    <role><roleTerm type="text">translator</roleTerm></role></name>
  <name type="corporate"><namePart>United Ports</namePart></name>
  <typeOfResource>text</typeOfResource><genre authority="local">article</genre>
  <originInfo><place><placeTerm type="code">it</placeTerm></place>
    <place><placeTerm type="text">Rome</placeTerm></place><publisher>Porto</publisher>
    <dateIssued encoding="w3cdtf" keyDate="yes">2011-05</dateIssued></originInfo>
  <language><languageTerm type="code" authority="iso639-2b">eng</languageTerm></language>
  <abstract>About salt.</abstract>
  <subject><topic>Salt</topic><geographic>Italy</geographic></subject>
  <relatedItem type="host"><titleInfo><title>Journal of Roads</title></titleInfo>
    <identifier type="issn">1234-5679</identifier>
    <part><detail type="volume"><number>7</number></detail>
      <detail type="issue"><number>2</number></detail>
      <extent unit="page"><start>10</start><end>19</end></extent></part></relatedItem>
  <identifier type="DOI">10.5555/salt.1</identifier>
  <location><url access="preview">https://example.org/cover.jpg</url>
    <url usage="primary">https://example.org/salt</url></location>
  <accessCondition xlink:href="https://example.org/by">CC BY</accessCondition>
</mods>
<mods><titleInfo><title>Second</title></titleInfo></mods>
</modsCollection>"""

OAI_DC = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>
<record><header status="deleted"><identifier>oai:x:1</identifier></header></record>
<record><header><identifier>oai:x:2</identifier><datestamp>2020-01-01</datestamp>
  <setSpec>col_1</setSpec></header>
<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
    xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:title xml:lang="es">Sal y camino</dc:title><dc:title xml:lang="en">Salt and Road</dc:title>
  <dc:creator>Marsh, Ada</dc:creator><dc:creator>Okoro, Ben</dc:creator>
  <dc:contributor>Lind, Eva</dc:contributor>
  <dc:date>2014-03-02T10:20:30Z</dc:date><dc:date>2011</dc:date>
  <dc:identifier>https://example.org/2</dc:identifier>
<dc:identifier>ISBN 978-3-16-148410-0</dc:identifier>
  <dc:identifier>doi:10.5555/salt.2</dc:identifier><dc:source>Journal of Roads; 7(2)</dc:source>
  <dc:description>First paragraph.

  Second one.</dc:description><dc:language>spa</dc:language>
</oai_dc:dc></metadata></record>
<resumptionToken/></ListRecords></OAI-PMH>"""

DC_RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">
<rdf:Description rdf:about="https://example.org/1"><dc:title>One</dc:title>
  <dc:creator>Ada Marsh</dc:creator><dcterms:issued>1999</dcterms:issued></rdf:Description>
<rdf:Description rdf:about="https://example.org/2"><dc:title>Two</dc:title>
  <dc:creator><rdf:Seq><rdf:li>Ben Okoro</rdf:li></rdf:Seq></dc:creator></rdf:Description>
</rdf:RDF>"""

BARE_DC = """<export><entry xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>One</dc:title>
<dc:date>1987</dc:date></entry><entry xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Two</dc:title><dc:date>1988</dc:date></entry></export>"""

DSPACE = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<dublin_core schema="dc">
  <dcvalue element="title" qualifier="none" language="en_US">Salt</dcvalue>
  <dcvalue element="contributor" qualifier="author">Marsh, Ada</dcvalue>
  <dcvalue element="date" qualifier="issued">2004-02</dcvalue>
</dublin_core>"""

ENDNOTE = """<?xml version="1.0" encoding="UTF-8" ?><xml><records><record>
<database name="My.enl" path="C:\\My.enl">My.enl</database>
<ref-type name="Journal Article">17</ref-type>
<rec-number>42</rec-number><contributors><authors>
<author><style face="normal" font="default" size="100%">Marsh, A. B.</style></author>
<author><style face="normal">Salt Guild,</style></author>
<author>Okoro, Ben</author></authors><secondary-authors><author>Lind, Eva</author>
</secondary-authors>
</contributors><titles><title><style face="normal">Salt of </style><style face="italic">Roma</style>
</title><secondary-title>Journal of Roads</secondary-title></titles>
<periodical><full-title>Journal of Roads</full-title></periodical><pages>1-9</pages>
<volume>7</volume><number>2</number><keywords><keyword>Salt</keyword><keyword>Roads</keyword>
</keywords>
<dates><year><style face="normal">2011</style></year><pub-dates><date>May 3</date></pub-dates>
</dates><isbn><style face="normal">1234-5679</style></isbn>
<electronic-resource-num><style face="normal">10.5555/salt.3</style></electronic-resource-num>
<abstract>About salt.</abstract>
<urls><related-urls><url>https://example.org/3</url></related-urls></urls>
<language>English</language>
</record></records></xml>"""

PUBMED = """<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2019//EN" "x.dtd">
<PubmedArticleSet><PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">123</PMID>
<Article><Journal><ISSN IssnType="Print">1234-5679</ISSN><JournalIssue><Volume>7</Volume>
<PubDate><MedlineDate>2011 Nov-Dec</MedlineDate></PubDate></JournalIssue><Title>Roads</Title>
</Journal>
<ArticleTitle>Salt in <i>Roma</i> &amp; CO<sub>2</sub>.</ArticleTitle>
<ELocationID EIdType="doi">10.5555/salt.4</ELocationID>
<Abstract><AbstractText Label="AIM">To know.</AbstractText>
<AbstractText Label="END">Known.</AbstractText>
</Abstract><AuthorList CompleteYN="Y"><Author><LastName>Marsh</LastName><ForeName>Ada B</ForeName>
<Initials>AB</Initials></Author><Author><CollectiveName>Salt Guild</CollectiveName></Author>
</AuthorList>
<Language>eng</Language><PublicationTypeList><PublicationType UI="D1">Review</PublicationType>
</PublicationTypeList></Article><MeshHeadingList><MeshHeading><DescriptorName>Salts</DescriptorName>
<QualifierName>history</QualifierName></MeshHeading></MeshHeadingList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="pubmed">123</ArticleId></ArticleIdList>
<ReferenceList><Reference><Citation>Old salt</Citation></Reference></ReferenceList></PubmedData>
</PubmedArticle><PubmedBookArticle><BookDocument><PMID>124</PMID><Book><Publisher>
<PublisherName>Porto</PublisherName></Publisher><BookTitle book="b">Salt Book</BookTitle>
<PubDate><Year>2012</Year></PubDate></Book><ArticleTitle>Chapter</ArticleTitle>
<AuthorList Type="authors"><Author><LastName>Okoro</LastName><ForeName>Ben</ForeName></Author>
</AuthorList>
<Abstract><AbstractText>A chapter.</AbstractText></Abstract></BookDocument></PubmedBookArticle>
</PubmedArticleSet>"""

CROSSREF = """<doi_batch version="4.4.2" xmlns="http://www.crossref.org/schema/4.4.2"><body>
<journal>
<journal_metadata language="en"><full_title>Roads</full_title><issn>12345679</issn>
</journal_metadata>
<journal_issue><publication_date><year>2011</year></publication_date>
<journal_volume><volume>7</volume></journal_volume></journal_issue>
<journal_article><titles><title>Salt</title><subtitle>A start</subtitle></titles><contributors>
<person_name sequence="first" contributor_role="author"><given_name>Ada</given_name>
<surname>Marsh</surname></person_name><organization sequence="additional" contributor_role="author">
Salt Guild</organization></contributors><pages><first_page>1</first_page><last_page>9</last_page>
</pages>
<doi_data><doi>10.5555/a</doi><resource>https://example.org/a</resource></doi_data>
</journal_article>
<journal_article><titles><title>Pepper</title></titles><publication_date><year>2012</year>
</publication_date><doi_data><doi>10.5555/b</doi></doi_data></journal_article></journal>
<book book_type="edited_book"><book_metadata language="de"><contributors>
<person_name contributor_role="editor"><surname>Lind</surname></person_name></contributors>
<titles><title>Salzbuch</title></titles><publication_date><year>2013</year></publication_date>
<isbn>9783161484100</isbn><publisher><publisher_name>Porto</publisher_name></publisher>
</book_metadata>
<content_item component_type="chapter"><titles><title>Kapitel</title></titles></content_item></book>
</body></doi_batch>"""

DATACITE = """<resource xmlns="http://datacite.org/schema/kernel-4">
<identifier identifierType="DOI">10.5555/data</identifier><creators><creator>
<creatorName nameType="Personal">Marsh, Ada</creatorName><givenName>Ada</givenName>
<familyName>Marsh</familyName></creator><creator>
<creatorName nameType="Organizational">Salt, Sand and Co</creatorName></creator></creators>
<titles><title xml:lang="en">Salt data</title><title xml:lang="es">Datos</title>
<title titleType="Subtitle">Part 1</title></titles>
<publisher>Porto</publisher><publicationYear>2011</publicationYear>
<resourceType resourceTypeGeneral="Dataset">Table</resourceType>
<subjects><subject xml:lang="en">Salt</subject></subjects><contributors>
<contributor contributorType="Editor"><contributorName>Lind, Eva</contributorName></contributor>
<contributor contributorType="HostingInstitution"><contributorName>Salt Guild</contributorName>
</contributor>
</contributors><dates><date dateType="Issued">2011-04-05</date></dates><language>en</language>
<descriptions><description descriptionType="Abstract">About<br/>salt.</description></descriptions>
</resource>"""

JATS = """<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Archiving DTD v1.0//EN" "x.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"
 xml:lang="en" article-type="research-article"><front><journal-meta>
<journal-id journal-id-type="nlm-ta">Roads</journal-id><journal-title-group>
<journal-title>Journal of Roads</journal-title></journal-title-group>
<issn pub-type="epub">1234-5679</issn>
</journal-meta><article-meta><article-id pub-id-type="doi">10.5555/jats</article-id><title-group>
<article-title>Salt, <italic>H</italic><sub>2</sub>O&nbsp;and <inline-formula><alternatives>
<mml:math><mml:mi>x</mml:mi></mml:math><tex-math>\\documentclass{x}</tex-math></alternatives>
</inline-formula></article-title></title-group><contrib-group><contrib contrib-type="author">
<name><surname>Marsh</surname><given-names>Ada B.</given-names></name><xref rid="a1"><sup>1</sup>
</xref>
</contrib>, <contrib contrib-type="author"><collab>Salt Guild</collab></contrib>
<contrib contrib-type="editor"><name><surname>Lind</surname><given-names>Eva</given-names></name>
</contrib>
</contrib-group><pub-date pub-type="epub"><day>2</day><month>12</month><year>2010</year></pub-date>
<pub-date pub-type="ppub"><year>2011</year></pub-date><volume>7</volume><fpage>1</fpage>
<lpage>9</lpage>
<abstract><sec><title>Aim</title><p>To <bold>know</bold>.</p></sec><sec><title>End</title>
<p>Known.</p>
</sec></abstract><abstract abstract-type="graphical"><p>Picture</p></abstract>
<kwd-group><kwd>salt</kwd><kwd>roads</kwd></kwd-group></article-meta></front>
<body><p>Long text.</p></body><back><ref-list><ref><article-title>Old</article-title></ref>
</ref-list>
</back></article>"""
